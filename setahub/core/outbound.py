"""Asking an address that a person has named, such as a calendar's: over https, and never inside.

The name is resolved once, and what is connected to is that very address: a name that leads elsewhere
a moment later leads nowhere. Each redirect is looked at in the same way.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

PORT = 443
REDIRECTS = 3
STEP = 5.0  # seconds that one step may take
CHUNK = 64 * 1024
AGENT = "SETAHub"
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


@dataclass(frozen=True)
class Answer:
    """What a server said to a ``post``. ``retry_after``: seconds, where it named a time."""

    status: int
    retry_after: int | None = None


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
            raise _failure(error) from error
        if isinstance(answer, Fetched):
            return answer
        url = _joined(url, answer)
    raise OutboundError("redirects")


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
    """Send it there, and read no more of the answer than its head; a redirect is not followed.

    ``seconds``: for all of it. Raises OutboundError ("address", "inside", "away", "slow").
    """
    check_address(url)
    try:
        with _connected(url, time.monotonic() + seconds) as (connection, path):
            connection.request("POST", path, body, {"User-Agent": AGENT, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, _seconds(answer.headers.get("Retry-After", "")))
    except (OSError, http.client.HTTPException) as error:
        raise _failure(error) from error


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


def _failure(error: Exception) -> OutboundError:
    return OutboundError("slow" if isinstance(error, TimeoutError) else "away")


@contextmanager
def _connected(url: str, until: float) -> Iterator[tuple[http.client.HTTPSConnection, str]]:
    """A connection, and the path to ask it for."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    connection = _Pinned(host, _address_of(host), until)
    try:
        yield connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    finally:
        connection.close()


def _joined(url: str, leads: str) -> str:
    """Where a redirect leads. Raises OutboundError ("address") where that is none."""
    try:
        return urljoin(url, leads)
    except ValueError as error:
        raise OutboundError("address") from error


def _ask(url: str, etag: str, limit: int, until: float) -> Fetched | str:
    """What is there, or where it leads."""
    headers = {"User-Agent": AGENT, "Accept": "text/calendar", "Accept-Encoding": "identity"}
    if etag:
        headers["If-None-Match"] = etag
    with _connected(url, until) as (connection, path):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            return answer.headers.get("Location", "")
        if answer.status == 304 and etag:
            return Fetched(None, etag)
        if answer.status != 200:
            raise OutboundError("status")
        return Fetched(_body(answer, limit), _etag(answer.headers.get("ETag", "")))


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


def _seconds(said: str) -> int | None:
    """A Retry-After header in seconds from now (RFC 9110, section 10.2.3); None where it says nothing."""
    said = said.strip()
    if said.isascii() and said.isdigit():
        return int(said[:9])
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, IndexError, TypeError):
        return None
    wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
    return max(0, int(wait.total_seconds()))


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
