"""Fetching an address that a person has named, such as a calendar's: over https, and never from inside.

The name is resolved once, and what is connected to is that very address: a name that leads elsewhere
a moment later leads nowhere. Each redirect is looked at in the same way.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

PORT = 443
REDIRECTS = 3
STEP = 5.0  # seconds that one step may take
CHUNK = 64 * 1024
ETAG_MAX = 200  # characters; a longer one is not kept, so all is fetched again
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


class OutboundError(Exception):
    """``code``: address, inside, away, status, redirects, too_large, slow."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Fetched:
    """``body``: None where it is what it was when it had that ``etag``."""

    body: bytes | None
    etag: str


def check_address(url: str) -> None:
    """Raises OutboundError ("address") unless it is an https address of a host, on the usual port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundError("address") from error
    ok = parts.scheme == "https" and parts.hostname and port in (None, PORT)
    if (
        not ok
        or parts.username is not None
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise OutboundError("address")


def fetch(url: str, *, etag: str = "", limit: int, seconds: float) -> Fetched:
    """What is there. ``limit``: bytes; ``seconds``: for all of it. Raises OutboundError."""
    until = time.monotonic() + seconds
    for _redirect in range(REDIRECTS + 1):
        check_address(url)
        try:
            answer = _ask(url, etag, limit, until)
        except (OSError, http.client.HTTPException) as error:
            code = "slow" if isinstance(error, TimeoutError) else "away"
            raise OutboundError(code) from error
        if isinstance(answer, Fetched):
            return answer
        url = urljoin(url, answer)
    raise OutboundError("redirects")


def is_public(address: str) -> bool:
    """Whether an address of the network lies in the open internet, however it is written."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class _Timed(ssl.SSLSocket):
    """Gives up at a moment, however little each answer takes: a byte at a time would never end."""

    until: float

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(min(STEP, left))
        return super().recv_into(*args, **kwargs)


class _Pinned(http.client.HTTPSConnection):
    """A connection to this very address, whose certificate must be that of the host."""

    def __init__(self, host: str, address: str, until: float) -> None:
        super().__init__(host, PORT, timeout=STEP)
        self._address, self._until = address, until

    def connect(self) -> None:
        plain = socket.create_connection((self._address, PORT), STEP)
        tls = _tls()
        tls.sslsocket_class = _Timed
        timed = cast(_Timed, tls.wrap_socket(plain, server_hostname=self.host))
        timed.until = self._until
        self.sock = timed


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _ask(url: str, etag: str, limit: int, until: float) -> Fetched | str:
    """What is there, or where it leads."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    connection = _Pinned(host, _address_of(host), until)
    headers = {"User-Agent": "SETAHub", "Accept": "text/calendar", "Accept-Encoding": "identity"}
    if etag:
        headers["If-None-Match"] = etag
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            return answer.headers.get("Location", "")
        if answer.status == 304 and etag:
            return Fetched(None, etag)
        if answer.status != 200:
            raise OutboundError("status")
        return Fetched(_body(answer, limit), _etag(answer.headers.get("ETag", "")))
    finally:
        connection.close()


def _body(answer: http.client.HTTPResponse, limit: int) -> bytes:
    body = b""
    while chunk := answer.read1(CHUNK):
        body += chunk
        if len(body) > limit:
            raise OutboundError("too_large")
    return body


def _etag(said: str) -> str:
    """What can be stored, and sent back; else ""."""
    return said if len(said) <= ETAG_MAX and said.isascii() and said.isprintable() else ""


def _address_of(host: str) -> str:
    """The one to connect to. Raises OutboundError ("inside") if any of the name's is not public."""
    try:
        found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a part of the name is empty or too long
        raise OutboundError("address") from error
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not all(map(is_public, addresses)):
        raise OutboundError("inside")
    return addresses[0]
