"""A WebSocket as light as Python has it: what asks must not be what is measured."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Origin
from websockets.uri import parse_uri

OPEN_WITHIN = 60  # seconds
Heard = Callable[[dict[str, Any]], None]


class Tab(asyncio.Protocol):
    """One socket of a page. ``heard`` is called with each frame, ``lost`` if it ends by itself."""

    def __init__(self, url: str, key: str, heard: Heard, lost: Callable[[], None]) -> None:
        self.heard = heard
        self._lost = lost
        self._key = key
        uri = parse_uri(url)
        self._socket = ClientProtocol(uri, origin=Origin(f"http://{uri.host}:{uri.port}"))
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._room = asyncio.Event()
        self._room.set()

    def send(self, frame: dict[str, Any]) -> None:
        self._socket.send_text(json.dumps(frame).encode())
        self._flush()

    async def drained(self) -> None:
        """Wait until there is room for more, and give others a turn."""
        await asyncio.sleep(0)
        await self._room.wait()

    def close(self) -> None:
        """Leave; nobody is told."""
        self._lost = _nothing
        if self._transport is not None:
            self._transport.abort()

    # --- What asyncio calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (for the type checker)
        self._transport = transport
        request = self._socket.connect()
        if self._key:
            request.headers["Cookie"] = f"sessionid={self._key}"
        self._socket.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._socket.receive_data(data)
        for event in self._socket.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self.heard(json.loads(bytes(event.data)))
        self._flush()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._room.set()
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed before it was open"))
        self._lost()

    def _answered(self, answer: Response) -> None:
        if self.opened.done():
            return
        if answer.status_code == 101:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(f"answered {answer.status_code}"))

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._socket.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


def _nothing() -> None:
    pass


async def open_tab(
    port: int, path: str, key: str, heard: Heard, lost: Callable[[], None] = _nothing
) -> Tab:
    """A tab whose socket is open."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(OPEN_WITHIN):
        _transport, tab = await loop.create_connection(
            lambda: Tab(f"ws://127.0.0.1:{port}{path}", key, heard, lost), "127.0.0.1", port
        )
        await tab.opened
    return tab


class Effort:
    """How much of a core this process has used since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def share(self) -> float:
        wall, own = self._began
        return (time.process_time() - own) / (time.perf_counter() - wall)
