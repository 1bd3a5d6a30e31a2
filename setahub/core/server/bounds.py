"""What Daphne reads from anybody before it asks us, and keeps for them: never more than is of use.

By itself it takes in a whole request, however large, before the application hears of it, parses its
form, which takes many times its size and is done again by the application, puts every frame of a
socket into a queue without an end, and answers as many pings as there are; and what a browser does not read it keeps, as much as there is, so
that a download is made whole in memory for a slow one.
These are private parts of Daphne and Twisted; all that we change of them is here, and
``test_bounds.py`` fails when an upgrade takes it away.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from time import monotonic
from typing import Any

from django.http import HttpRequest, parse_cookie
from django.utils import translation
from django.utils.translation import gettext as _

from setahub.core.images import MAX_REQUEST_BYTES

LINGER = 2.0  # seconds in which a refused client may read why
PIECE = 64  # bytes that a chunk of a request counts at least: each costs us the same
MOST_WAITING = 64  # frames of a socket that wait for the application
LOOK_AGAIN = 0.05  # seconds
LAST_OF_MESSAGES = 7  # opcode; those beyond control the connection (RFC 6455, section 5.5)
MOST_UNSENT = 1024 * 1024  # bytes for a socket that does not read; the system keeps some besides
PARTS_AT_ONCE = 200.0  # frames of a socket that are no message: pings, pongs, beginnings of one
PARTS = 20.0  # of them a second in the long run; a browser sends one in twenty seconds
READ_WITHIN = 60.0  # seconds in which a browser takes some of what waits for it

_PAGE = "<!doctype html><html lang={}><meta charset=utf-8><title>{}</title><h1>{}</h1><p>{}</p>"
_HEADERS = (
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: same-origin\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\n"
)


def _too_large() -> tuple[str, str, str, str]:
    """Status, code, and words: what a page of this site would say."""
    text = _("A picture has at most 5 MB. Choose a smaller one.")
    return "413 Content Too Large", "too_long", _("That is too large"), text


def _no_room() -> tuple[str, str, str, str]:
    text = _("Our disk is full or can't be written to. Nothing was changed. Please try later.")
    heading = _("Nothing can be saved right now")
    return "503 Service Unavailable", "unavailable", heading, text


def _answer(refusal: Callable[[], tuple[str, str, str, str]], headers: Any) -> bytes:
    """The whole answer, in the reader's language; a program gets JSON."""

    def sent(name: str) -> str:
        values = headers.getRawHeaders(name.encode(), [b""])
        return values[0].decode("latin1")

    reader = HttpRequest()
    reader.META["HTTP_ACCEPT_LANGUAGE"] = sent("accept-language")
    reader.META["HTTP_ACCEPT"] = sent("accept") or "*/*"
    reader.COOKIES = parse_cookie(sent("cookie"))
    with translation.override(translation.get_language_from_request(reader)):
        status, code, heading, text = refusal()
        if reader.accepts("text/html"):
            kind = "text/html; charset=utf-8"
            body = _PAGE.format(translation.get_language(), heading, heading, text)
        else:
            kind = "application/json"
            body = json.dumps({"type": "error", "code": code, "detail": f"{heading}. {text}"})
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return f"{head}{_HEADERS}\r\n".encode() + content


def unsent(transport: Any) -> int:
    """Bytes that wait in this process because the other side does not read."""
    return len(transport.dataBuffer) - transport.offset + transport._tempDataLen


class Reader:
    """Whether the other side reads what it is sent: an IPushProducer, as Twisted calls who sends."""

    def __init__(self) -> None:
        self._reads = asyncio.Event()
        self._reads.set()

    def pauseProducing(self) -> None:
        self._reads.clear()

    def resumeProducing(self) -> None:
        self._reads.set()

    stopProducing = resumeProducing  # gone: whoever waits may go on, to be told so

    async def reads(self) -> bool:
        """Waits until it does; False when it has not for too long."""
        try:
            await asyncio.wait_for(self._reads.wait(), READ_WITHIN)
        except TimeoutError:
            return False
        return True


def bound_daphne() -> None:
    """Have Daphne refuse what is too large, and wait with what comes too fast. Else nothing."""
    if "daphne.server" not in sys.modules:
        return
    import autobahn.twisted.websocket as sockets
    import autobahn.websocket.protocol as frames
    import daphne.http_protocol as http
    import daphne.server
    import daphne.ws_protocol as ws
    from twisted.internet import reactor
    from twisted.web import http as twisted

    later: Any = reactor.callLater

    class BoundedRequest(http.WebRequest):
        """Answered with 413 as soon as its headers, or its bytes, say that it is too large.

        And with 503 where the disk, on which a large one waits to be complete, has no room for it.
        """

        _bytes = 0
        _refused = False

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # Twisted would parse forms on the loop, and keep what is in them, which nobody asks for.
            super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)

        def gotLength(self, length: int | None) -> None:
            too_large = length is not None and length > MAX_REQUEST_BYTES
            try:
                super().gotLength(0 if too_large else length)
            except OSError:
                self._refuse(_no_room)
            if too_large:
                self._refuse(_too_large)

        def handleContentChunk(self, data: bytes) -> None:
            self._bytes += max(len(data), PIECE)
            if self._bytes > MAX_REQUEST_BYTES and not self._refused:
                self._refuse(_too_large)
            if not self._refused:
                try:
                    super().handleContentChunk(data)
                except OSError:
                    self._refuse(_no_room)

        def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
            content: Any = self.content
            try:
                content.flush()
            except OSError:
                self._refuse(_no_room)
            super().requestReceived(command, path, version)

        def process(self) -> Any:
            if self._refused:
                self.channel.loseConnection()
                return None
            return super().process()

        def handle_reply(self, message: dict[str, Any]) -> None:
            in_pieces = message.get("more_body") and self.channel and not self.finished
            if in_pieces and not self.producer:
                self.registerProducer(Reader(), streaming=True)
            super().handle_reply(message)

        async def taken(self) -> None:
            """Waits while what was sent is not read; ends with a browser that never does."""
            if self.producer and not await self.producer.reads() and self.channel:
                transport: Any = self.channel.transport
                transport.abortConnection()

        def finish(self) -> None:
            if self.producer is not None:
                self.unregisterProducer()
            super().finish()

        def _refuse(self, refusal: Callable[[], tuple[str, str, str, str]]) -> None:
            self._refused = True
            if self.content is not None:
                with suppress(OSError):
                    self.content.close()
            self.content = BytesIO()
            self.requestHeaders.removeHeader(b"expect")  # which asks whether to go on
            transport: Any = self.channel.transport
            transport.write(_answer(refusal, self.requestHeaders))
            # What is on its way is thrown away for a moment: a reset would take the answer along.
            later(LINGER, transport.abortConnection)

    class BoundedSocket(ws.WebSocketProtocol):
        """Reads no further while too many frames wait, and ends when too much is not read of it."""

        transport: Any
        _held = False
        _parts = PARTS_AT_ONCE
        _parts_at = 0.0

        def onFrameBegin(self) -> None:
            # The application counts messages; of pings, and of one that never ends, it hears nothing.
            frame = self.current_frame
            if (frame.opcode > LAST_OF_MESSAGES or not frame.fin) and not self._takes_a_part():
                self.dropConnection(abort=True)
            super().onFrameBegin()

        def _takes_a_part(self) -> bool:
            now = monotonic()
            grown = self._parts + (now - self._parts_at) * PARTS
            self._parts, self._parts_at = min(PARTS_AT_ONCE, grown) - 1, now
            return self._parts >= 0

        def onMessage(self, payload: bytes, isBinary: bool) -> None:
            super().onMessage(payload, isBinary)
            if not self._held and self.application_queue.qsize() >= MOST_WAITING:
                self._held = True
                self.transport.pauseProducing()
                later(LOOK_AGAIN, self._look_again)

        def serverSend(self, content: Any, binary: bool = False) -> None:
            if unsent(self.transport) > MOST_UNSENT:
                self.transport.abortConnection()  # a farewell would not be read either
            else:
                super().serverSend(content, binary)

        def _look_again(self) -> None:
            waiting = self.state == self.STATE_OPEN and self.application_queue.qsize()
            if waiting > MOST_WAITING // 2:
                later(LOOK_AGAIN, self._look_again)
            else:
                self._held = False
                self.transport.resumeProducing()

    reply = daphne.server.Server.handle_reply

    async def handle_reply(server: Any, protocol: Any, message: dict[str, Any]) -> None:
        await reply(server, protocol, message)
        if message.get("more_body"):
            await protocol.taken()

    def lineLengthExceeded(channel: Any, _line: bytes) -> None:
        """A 400, as for too many headers; Twisted would close without a word."""
        channel.transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        channel.dataReceived = lambda data: None
        later(LINGER, channel.transport.loseConnection)

    take_header = twisted.HTTPChannel.headerReceived

    def headerReceived(channel: Any, line: bytes) -> Any:
        """A 400 for a length of more digits than Python makes a number of."""
        try:
            return take_header(channel, line)
        except ValueError:
            lineLengthExceeded(channel, line)
            return False

    twisted.HTTPChannel.headerReceived = headerReceived  # type: ignore[method-assign]
    twisted.HTTPChannel.lineLengthExceeded = lineLengthExceeded  # type: ignore[method-assign]
    daphne.server.Server.handle_reply = handle_reply  # type: ignore[method-assign]
    http.WebRequest = BoundedRequest  # type: ignore[misc]
    ws.WebSocketFactory.protocol = BoundedSocket
    for module in (frames, sockets):  # what it would log of each frame is coloured, logged or not
        module.hltype = module.hlval = lambda value: value  # type: ignore[attr-defined]
