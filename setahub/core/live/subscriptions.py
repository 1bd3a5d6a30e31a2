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
    """Joins the sockets of one process (one event loop) to groups, through one channel.

    A channel for each socket would be a task and a subscription for each; thousands of idle pages
    must cost little. While the channel layer is away sockets stay open, ``is_live`` says so, and
    one task tries to connect again and then joins everything anew.
    """

    def __init__(self) -> None:
        self._sockets: dict[str, set[Socket]] = {}
        self._joined: set[str] = set()  # groups whose events come to our channel
        self._channel = ""
        self._changing = asyncio.Lock()  # held while joining, leaving or connecting
        self._lost = asyncio.Event()  # the layer is away
        self._receiving: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._checked = -LIVE_FOR
        self._answers = False
        self._silent = 0
        self._echo = asyncio.Event()
        self._outage = events.Outage("receiving live events")

    async def join(self, group: str, socket: Socket) -> None:
        """Deliver the group's events to this socket from now on."""
        if self._keeping is None:
            events.adopt(asyncio.get_running_loop())
            self._keeping = asyncio.create_task(self._keep())
        self._sockets.setdefault(group, set()).add(socket)
        if group not in self._joined:
            await self._settle(group)

    async def leave(self, group: str, socket: Socket) -> None:
        members = self._sockets.get(group, set())
        members.discard(socket)
        if not members and self._sockets.pop(group, None) is not None:
            await self._settle(group)

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

    # --- Joining and leaving --------------------------------------------------------------------

    async def _settle(self, group: str) -> None:
        """Join the group or leave it, whichever its sockets need now."""
        async with self._changing:
            if self._lost.is_set():
                return  # later, by _connect
            try:
                await self._bring(group)
            except Exception as error:
                self._lose(error)

    async def _bring(self, group: str) -> None:
        wanted, joined = group in self._sockets, group in self._joined
        async with asyncio.timeout(TIMEOUT):
            if wanted and not joined:
                await events.layer().group_add(group, await self._own_channel())
                self._joined.add(group)
            elif joined and not wanted:
                self._joined.discard(group)
                await events.layer().group_discard(group, self._channel)

    async def _own_channel(self) -> str:
        if not self._channel:
            self._channel = await events.layer().new_channel()
            self._receiving = asyncio.create_task(self._receive(self._channel))
        return self._channel

    # --- Coming back ----------------------------------------------------------------------------

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
            if self._lost.is_set():
                await asyncio.sleep(RETRY_AFTER)

    async def _forget(self) -> None:
        """Drop the old connection and all that hung on it."""
        self._joined.clear()
        self._channel = ""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(TIMEOUT):
                await events.layer().flush()
        if self._receiving is not None:
            self._receiving.cancel()

    async def _connect(self) -> None:
        """Join what has sockets, those included that come while we do."""
        async with asyncio.timeout(TIMEOUT):
            await self._own_channel()
        while missing := self._sockets.keys() - self._joined:
            for group in missing:
                await self._bring(group)
        self._lost.clear()
        self._checked, self._silent = -LIVE_FOR, 0
        self._outage.worked()

    # --- Does it work? --------------------------------------------------------------------------

    async def _check(self) -> None:
        self._echo.clear()
        self._answers = False
        try:
            async with asyncio.timeout(TIMEOUT):
                await events.layer().send(self._channel, {"type": "live.check", "group": ""})
                await self._echo.wait()
            self._answers, self._silent = True, 0
        except TimeoutError as error:
            # A busy process is late too, and would be later still with everything to join anew.
            self._silent += 1
            if self._silent >= SILENT_MAX:
                self._lose(error)
        except Exception as error:
            self._lose(error)
        self._checked = time.monotonic()

    # --- Delivering -----------------------------------------------------------------------------

    async def _receive(self, channel: str) -> None:
        while True:
            try:
                event = await events.layer().receive(channel)
            except Exception as error:
                return self._lose(error)
            if event["type"] == "live.check":
                self._echo.set()
                continue
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
