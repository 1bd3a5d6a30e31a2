"""What Daphne takes in from anybody: no more than could be of use."""

import asyncio
import http.client
import json
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import daphne.server
import pytest
from daphne import http_protocol, ws_protocol
from django.conf import settings
from django.test import Client, RequestFactory
from twisted.internet.abstract import FileDescriptor
from twisted.protocols.basic import LineReceiver
from twisted.web import http as twisted
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench.pictures import form_with
from chat.tests.servers import Daphne, Redis
from setahub.core.images import MAX_REQUEST_BYTES, MAX_UPLOAD_BYTES
from setahub.core.server import bounds
from setahub.site.middleware import bounded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def _bounded():
    bounds.bound_daphne()


@pytest.mark.usefixtures("_bounded")
def test_daphne_still_makes_what_it_takes_in_of_the_classes_that_are_replaced():
    """After an upgrade: look at bounds.py again, Daphne or Twisted do this otherwise now."""
    assert http_protocol.WebRequest.__name__ == "BoundedRequest"
    assert ws_protocol.WebSocketFactory.protocol.__name__ == "BoundedSocket"
    request = http_protocol.WebRequest.__mro__[1]
    for name in (
        "gotLength",
        "handleContentChunk",
        "process",
        "connectionLost",
        "handle_reply",
        "finish",
    ):
        assert callable(getattr(request, name)), f"{name} is gone from Twisted's request"
    assert twisted.HTTPChannel.lineLengthExceeded.__name__ in LineReceiver.__dict__
    assert "bound_daphne" in twisted.HTTPChannel.headerReceived.__qualname__
    assert "headerReceived" in twisted.HTTPChannel.lineReceived.__code__.co_names
    assert "WebRequest" in http_protocol.HTTPFactory.buildProtocol.__code__.co_names
    assert "bound_daphne" in daphne.server.Server.handle_reply.__qualname__
    assert "handle_reply" in daphne.server.Server.create_application.__code__.co_names
    for name in ("onMessage", "serverSend", "onFrameBegin", "dropConnection"):
        assert callable(getattr(ws_protocol.WebSocketProtocol, name)), f"{name} is gone from Daphne"


class Pipe(FileDescriptor):
    """A Twisted connection of which the other side reads so many bytes when it is told to."""

    aborted = False
    reads = 0

    def __init__(self) -> None:
        nothing: Any = object()
        super().__init__(nothing)
        self.connected = 1

    def startWriting(self) -> None:
        pass

    stopWriting = startWriting

    def writeSomeData(self, data: bytes) -> int:
        return self.reads

    def abortConnection(self) -> None:
        self.aborted = True


def test_twisted_still_tells_how_much_is_not_sent():
    """After an upgrade: look at ``bounds.unsent`` again."""
    pipe = Pipe()
    assert bounds.unsent(pipe) == 0
    pipe.write(b"x" * 1000)
    assert bounds.unsent(pipe) == 1000
    pipe.reads = 400
    pipe.doWrite()
    assert bounds.unsent(pipe) == 600
    pipe.write(b"x" * 100)
    assert bounds.unsent(pipe) == 700


@pytest.mark.usefixtures("_bounded")
def test_a_socket_that_does_not_read_is_closed_beyond_a_mebibyte():
    tab: Any = ws_protocol.WebSocketFactory.protocol()
    pipe = tab.transport = Pipe()
    tab.state, tab.client_addr = tab.STATE_OPEN, None
    tab.sendMessage = lambda payload, binary: pipe.write(payload)
    for _frame in range(11):
        assert not pipe.aborted
        tab.serverSend("x" * 100_000)
    tab.serverSend("x" * 100_000)
    assert pipe.aborted
    assert bounds.unsent(pipe) == 1_100_000


@pytest.mark.parametrize(
    ("length", "status"), [(MAX_REQUEST_BYTES, 200), (MAX_REQUEST_BYTES + 1, 413)]
)
def test_what_says_itself_that_it_is_too_large_is_not_read(length, status, rf: RequestFactory):
    from django.http import HttpResponse

    request = rf.post("/", CONTENT_LENGTH=str(length), HTTP_ACCEPT="application/json")
    response = bounded(lambda request: HttpResponse())(request)
    assert response.status_code == status
    assert request._read_started is False
    if status == 413:
        assert json.loads(response.content)["code"] == "too_long"


def test_a_picture_that_is_a_little_too_large_is_told_so_by_its_form():
    assert MAX_UPLOAD_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE < MAX_REQUEST_BYTES


@pytest.fixture
def server():
    with Daphne().start() as running:
        yield running


@pytest.fixture
def with_redis():
    with Redis().start() as redis, Daphne(redis.url).start() as running:
        yield running


def test_daphne_answers_413_at_the_headers_and_keeps_nothing_of_400_mb(server):
    before = memory(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            b"POST /auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Length: 400000000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
        sent = 0
        try:
            while sent < 400_000_000:
                sent += client.send(b"x" * 1_000_000)
        except OSError:
            pass  # it has closed
    assert memory(server) - before < 30_000


def test_daphne_counts_what_comes_in_chunks(server):
    before = memory(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            b"POST /auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"%x\r\n%s\r\n" % (1_000_000, b"x" * 1_000_000)
        for _each in range(9):
            client.sendall(chunk)
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert memory(server) - before < 30_000


def test_daphne_counts_chunks_that_hold_next_to_nothing(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            b"POST /auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        client.sendall(b"1\r\nx\r\n" * (MAX_REQUEST_BYTES // bounds.PIECE + 1))
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("begin", [b"GET /?q=", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
@pytest.mark.parametrize("rest", [b"x" * 27_000 + b"\r\n\r\n", b"x" * 3_000_000])
def test_daphne_answers_a_line_that_is_too_long(server, begin, rest):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(begin + rest)
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert client.recv(4096) == b""


def test_daphne_answers_a_length_that_is_no_number(server):
    for length in (b"9" * 5000, b"-1", b"x", b"1e3", b""):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(
                b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + length + b"\r\n\r\n"
            )
            assert client.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_daphne_takes_what_is_not_too_large(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = b"x" * (MAX_UPLOAD_BYTES + 1000)
    connection.request("POST", "/auth/login/", body, {"Content-Type": "text/plain"})
    assert connection.getresponse().status == 403  # no CSRF token: the site itself has answered


def test_daphne_leaves_a_form_to_the_site(server):
    body, kind = form_with({}, "image", b"x" * MAX_UPLOAD_BYTES)
    before = memory(server, "VmHWM")
    for _each in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/auth/login/", body, {"Content-Type": kind})
        assert connection.getresponse().status == 403
        connection.close()
    assert memory(server, "VmHWM") - before < 25_000  # at most, in the course of it


@pytest.mark.parametrize(
    ("accepted", "language", "said"),
    [
        ("text/html", "en", "<h1>Nothing can be saved right now</h1>"),
        ("text/html", "th", "<h1>ตอนนี้ยังบันทึกไม่ได้</h1>"),
        ("application/json", "en", '"code": "unavailable", "detail": "Nothing can be saved'),
    ],
)
def test_a_request_that_the_disk_has_no_room_for_is_told_so(server, accepted, language, said):
    assert server._process is not None
    resource.prlimit(server._process.pid, resource.RLIMIT_FSIZE, (50_000, 50_000))
    headers = {"Accept": accepted, "Accept-Language": language, "Content-Type": "text/plain"}
    for length in (150_000, 4_000_000):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        with suppress(ConnectionError):  # answered before it is sent
            connection.request("POST", "/auth/login/", b"x" * length, headers)
        answer = connection.getresponse()
        assert answer.status == 503
        assert said in answer.read().decode()


def test_one_that_is_too_large_is_told_so_in_the_readers_language(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            b"POST /auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: language=th\r\n"
            b"Accept: application/json\r\nContent-Length: 400000000\r\n\r\n"
        )
        head, _line, body = client.recv(4096).partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert json.loads(body)["code"] == "too_long"
    assert "ใหญ่เกินไป" in json.loads(body)["detail"]


@pytest.mark.parametrize("shape", ["server", "with_redis"])
def test_a_flood_of_padded_pings_is_refused_then_closed_and_takes_no_memory(
    request, shape, student
):
    server = request.getfixturevalue(shape)
    client = Client()
    client.force_login(student)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    before = memory(server)
    code, answers = asyncio.run(flood(server, key))
    assert code == 4429
    assert "pong" in answers
    assert "rate_limited" in answers
    assert memory(server) - before < 60_000


async def flood(server: Daphne, key: str) -> tuple[int, set[str]]:
    """9,000 padded pings as fast as they go; the code that closes it, and what was answered."""
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}
    answers: set[str] = set()
    padded = json.dumps({"type": "ping", "padding": "x" * 60_000})
    async with connect(
        server.socket_url, origin=Origin(server.url), additional_headers=cookie, ping_interval=None
    ) as tab:

        async def listen():
            async for text in tab:
                frame = json.loads(text)
                answers.add(frame.get("code") or frame["type"])

        listening = asyncio.create_task(listen())
        with suppress(ConnectionClosed):
            for _each in range(9000):
                await tab.send(padded)
        await asyncio.wait_for(asyncio.wait({listening}), 30)
        return tab.close_code or 0, answers


PING = bytes((0x89, 0x80 | 125)) + bytes(4) + b"x" * 125  # masked with nothing (RFC 6455, 5.2)
PONG = bytes((0x8A, 0x80, 0, 0, 0, 0))
BEGUN = bytes((0x01, 0x80, 0, 0, 0, 0))  # a message that goes on
GOES_ON = bytes((0x00, 0x80, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("first", "frame"), [(b"", PING), (b"", PONG), (BEGUN, GOES_ON)], ids=["ping", "pong", "part"]
)
def test_a_flood_of_frames_that_are_no_messages_ends_the_socket(server, student, first, frame):
    with raw_tab(server, student) as tab:
        before = memory(server)
        tab.sendall(first)
        sent = 0
        try:
            while sent < 40_000_000:
                sent += tab.send(frame * 1000)
        except OSError:
            pass  # it has closed
        assert sent < 40_000_000
    assert memory(server) - before < 10_000


def test_as_many_pings_as_anybody_needs_are_answered(server, student):
    with raw_tab(server, student) as tab:
        tab.sendall(PING * 150)
        answers = b""
        while len(answers) < 150 * 127:
            answers += tab.recv(65536)
        assert answers == (bytes((0x8A, 125)) + b"x" * 125) * 150


@contextmanager
def raw_tab(server: Daphne, person: Any) -> Iterator[socket.socket]:
    """The connection under an open socket of this person."""
    client = Client()
    client.force_login(person)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as tab:
        tab.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.url}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Cookie: {settings.SESSION_COOKIE_NAME}={key}\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += tab.recv(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        yield tab


def memory(server: Daphne, kind: str = "VmRSS") -> int:
    """Resident memory in KB: now, or with ``VmHWM`` the most there ever was."""
    assert server._process is not None
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    return int(status.partition(f"{kind}:")[2].split()[0])
