"""How the sockets of one process get the events of ``events.py``."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from typing import Protocol

from setahub.core.live import events
from setahub.core.live.events import TIMEOUT, Event

logger = logging.getLogger(__name__)

LIVE_FOR = 2.0  # seconds that the answer to "does it work?" is kept
RETRY_AFTER = 2.0  # seconds between tries to connect again
SILENT_MAX = 3  # checks without an echo after which connecting afresh is the better hope


class Socket(Protocol):
    """What the hub delivers to."""

    async def live_event(self, event: Event) -> None: ...


class Hub:
    """Joins the sockets of one process (one event loop) to groups, and tells them what happens.

    What is sent here it hears at once, what others send through one channel. A channel for each
    socket would be a task and a subscription for each; thousands of idle pages must cost little.
    While the channel layer is away sockets stay open, ``is_live`` says so, and one task tries to
    connect again.
    """

    def __init__(self) -> None:
        self._sockets: dict[str, set[Socket]] = {}
        self._channel = ""  # to which all events come
        self._own = ""  # which of them were sent here
        self._heard: asyncio.Queue[Event] = asyncio.Queue()
        self._changing = asyncio.Lock()  # held while connecting
        self._lost = asyncio.Event()  # the layer is away
        self._receiving: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._checked = -LIVE_FOR
        self._answers = False
        self._silent = 0
        self._echo = asyncio.Event()
        self._outage = events.Outage("receiving live events")

    async def join(self, group: str, socket: Socket) -> None:
        """Deliver the group's events to this socket from now on."""
        if self._keeping is None:
            self._own = events.adopt(asyncio.get_running_loop(), self._heard.put_nowait)
            self._keeping = asyncio.create_task(self._keep())
            self._telling = asyncio.create_task(self._tell())
        self._sockets.setdefault(group, set()).add(socket)
        if not self._channel:
            await self._begin()

    async def leave(self, group: str, socket: Socket) -> None:
        members = self._sockets.get(group, set())
        members.discard(socket)
        if not members:
            self._sockets.pop(group, None)

    def members(self, group: str) -> Iterable[Socket]:
        """The sockets of this process in the group."""
        return tuple(self._sockets.get(group, ()))

    async def is_live(self) -> bool:
        """Whether an event sent now would come back to this process; asked at most every 2 s."""
        if self._lost.is_set():
            return False
        if time.monotonic() - self._checked > LIVE_FOR:
            if self._checking is None or self._checking.done():
                self._checking = asyncio.create_task(self._check())
            await asyncio.shield(self._checking)
        return self._answers and not self._lost.is_set()

    # --- Connecting, and coming back ------------------------------------------------------------

    async def _begin(self) -> None:
        async with self._changing:
            if self._channel or self._lost.is_set():
                return  # or later, by _keep
            try:
                await self._connect()
            except Exception as error:
                self._lose(error)

    async def _connect(self) -> None:
        async with asyncio.timeout(TIMEOUT):
            channel = await events.layer().new_channel()
            self._receiving = asyncio.create_task(self._receive(channel))
            await events.layer().group_add(events.EVERYBODY, channel)
        self._channel = channel

    def _lose(self, error: BaseException) -> None:
        self._outage.failed(error)
        self._lost.set()

    async def _keep(self) -> None:
        """Whenever the layer was lost, connect again."""
        while True:
            await self._lost.wait()
            async with self._changing:
                await self._forget()
                with contextlib.suppress(Exception):
                    await self._connect()
                    self._lost.clear()
                    self._checked, self._silent = -LIVE_FOR, 0
                    self._outage.worked()
            if self._lost.is_set():
                await asyncio.sleep(RETRY_AFTER)

    async def _forget(self) -> None:
        """Drop the old connection and all that hung on it."""
        self._channel = ""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(TIMEOUT):
                await events.layer().flush()
        if self._receiving is not None:
            self._receiving.cancel()

    # --- Does it work? --------------------------------------------------------------------------

    async def _check(self) -> None:
        self._echo.clear()
        self._answers = taken = False
        try:
            async with asyncio.timeout(TIMEOUT):
                await events.check(self._channel)
                taken = True
                await self._echo.wait()
            self._answers, self._silent = True, 0
        except TimeoutError as error:
            # A busy process hears late too, and would be later still if it connected anew.
            self._silent += 1
            if not taken or self._silent >= SILENT_MAX:
                self._lose(error)
        except Exception as error:
            self._lose(error)
        self._checked = time.monotonic()

    # --- Delivering -----------------------------------------------------------------------------

    async def _receive(self, channel: str) -> None:
        while True:
            try:
                message = await events.layer().receive(channel)
            except Exception as error:
                return self._lose(error)
            if message["type"] == "live.check":
                if message["of"] == channel:
                    self._echo.set()
            elif message["of"] != self._own:
                for event in message["events"]:
                    self._heard.put_nowait(event)

    async def _tell(self) -> None:
        while True:
            await self._deliver(await self._heard.get())

    async def _deliver(self, event: Event) -> None:
        for socket in self.members(event["group"]):
            try:
                await socket.live_event(event)
            except Exception as error:  # one broken socket is no reason to stop the others
                logger.warning("live event not delivered: %s", type(error).__name__)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for closed in [each for each in _hubs if each.is_closed()]:
            del _hubs[closed]
        _hubs[loop] = Hub()
    return _hubs[loop]
