"""A server on this machine that passes, for ``setahub.core.outbound``, for a host of the internet."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from setahub.core import outbound


def certificate(folder: Path, host: str) -> Path:
    """A file with a key and a certificate for the host, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        # Of the machine's own time, which no test stops.
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], host: str, folder: Path, patch: Any
) -> Iterator[None]:
    """Whatever is asked of any host is asked of this handler, which shows a certificate for ``host``.

    The one place where the look at addresses is passed by: this machine's own count as outside.
    """
    path = certificate(folder, host)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    connect, look_up = socket.create_connection, socket.getaddrinfo

    def looked_up(name: str, *args: Any, **kwargs: Any) -> Any:
        # The database and Redis are where they were.
        return here if "." in name and name != "127.0.0.1" else look_up(name, *args, **kwargs)

    def connected(there: Any, *args: Any, **kwargs: Any) -> socket.socket:
        there = ("127.0.0.1", port) if there == ("127.0.0.1", outbound.PORT) else there
        return connect(there, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", looked_up)
    patch.setattr(socket, "create_connection", connected)
    patch.setattr(outbound, "is_public", lambda address: ip_address(address).is_loopback)
    patch.setattr(outbound, "_tls", lambda: ssl.create_default_context(cafile=str(path)))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
