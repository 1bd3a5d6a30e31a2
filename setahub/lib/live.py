"""What reaches open pages at once: named events to groups of sockets, over the channel layer.

An event is a hint that may be lost, since the channel layer may drop it or be away: whoever needs
certainty asks the database. So sending never fails and never waits.

Groups are named ``user.<id>`` (all sockets of a person) and ``watch.<id>`` (sockets that have a
conversation with that person open).
"""

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import Coroutine, Iterable
from typing import Any, Protocol

from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

TIMEOUT = 1.0  # seconds for anything that is asked of the channel layer
LIVE_FOR = 4.0  # seconds that the answer to "does it work?" is kept
RETRY_AFTER = 2.0  # seconds between tries to join what could not be joined
MAX_WAITING = 2000  # events not yet handed over; what comes on top is dropped

Frame = dict[str, Any]
Event = dict[str, Any]


class Socket(Protocol):
    """What the hub delivers to."""

    async def live_event(self, event: Event) -> None: ...


def user_group(user_id: int) -> str:
    return f"user.{user_id}"


def watch_group(user_id: int) -> str:
    return f"watch.{user_id}"


# --- Sending, from any thread -------------------------------------------------------------------


def push(group: str, *frames: Frame) -> None:
    """Send frames to every socket of a group once the transaction is committed."""
    texts = [json.dumps(frame, ensure_ascii=False) for frame in frames]
    _after_commit(group, {"type": "live.frames", "frames": texts})


def end(user_id: int, session: str = "") -> None:
    """Have a person's sockets look again whether their session still stands, after the commit.

    ``session`` is the ``session_mark`` of one that has ended for certain.
    """
    _after_commit(user_group(user_id), {"type": "live.end", "session": session})


def _after_commit(group: str, event: Event) -> None:
    event["group"] = group
    transaction.on_commit(lambda: _publisher.send(group, event), robust=True)


def ping() -> None:
    """Raises when the channel layer does not answer within about a second; for readiness checks."""
    _publisher.wait_for(_publish("check", {"type": "live.check"}))


async def _publish(group: str, event: Event) -> None:
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101  (configured in settings)
    async with asyncio.timeout(TIMEOUT):
        await layer.group_send(group, event)


class _Publisher:
    """Hands events to the channel layer on one event loop of this process.

    That is the server's own loop where there are sockets, else one in a thread of its own: a loop
    for each event, as ``async_to_sync`` makes it, would also be a connection for each event.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting = 0

    def adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use the loop that the sockets of this process live on."""
        with self._lock:
            self._loop, self._waiting = loop, 0

    def send(self, group: str, event: Event) -> None:
        if self._waiting >= MAX_WAITING:
            return
        self._waiting += 1
        try:
            self._run(self._quietly(group, event))
        except RuntimeError:  # the loop is closing: so are its sockets
            self._waiting -= 1

    def wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        self._run(work).result(TIMEOUT * 2)

    async def _quietly(self, group: str, event: Event) -> None:
        try:
            await _publish(group, event)
        except Exception as error:  # whatever the layer raises while it is away
            logger.warning("live event lost: %s", type(error).__name__)
        finally:
            self._waiting -= 1

    def _run(self, work: Coroutine[Any, Any, None]) -> Any:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._running_loop())
        except RuntimeError:
            work.close()
            raise

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="setahub-live", daemon=True
                ).start()
                self._waiting = 0
            return self._loop


_publisher = _Publisher()


# --- Receiving, on the server's loop ------------------------------------------------------------


class Hub:
    """Joins the sockets of one process (one event loop) to groups, through one channel.

    A channel for each socket would be a task and a subscription for each; thousands of idle pages
    must cost little. While the channel layer is away sockets stay open, and ``is_live`` says so.
    """

    def __init__(self) -> None:
        self._sockets: dict[str, set[Socket]] = {}
        self._joined: set[str] = set()
        self._channel = ""
        self._naming = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._checked = 0.0
        self._live = False
        self._checking: asyncio.Task[bool] | None = None
        self._echo = asyncio.Event()

    async def join(self, group: str, socket: Socket) -> None:
        """Deliver the group's events to this socket from now on."""
        self._start()
        self._sockets.setdefault(group, set()).add(socket)
        if group not in self._joined:
            await self._settle(group)

    async def leave(self, group: str, socket: Socket) -> None:
        members = self._sockets.get(group, set())
        members.discard(socket)
        if members or group not in self._sockets:
            return
        del self._sockets[group]
        if group in self._joined:
            self._joined.discard(group)
            with contextlib.suppress(Exception):
                async with asyncio.timeout(TIMEOUT):
                    await self._layer.group_discard(group, self._channel)

    def members(self, group: str) -> Iterable[Socket]:
        """The sockets of this process in the group."""
        return tuple(self._sockets.get(group, ()))

    async def is_live(self) -> bool:
        """Whether an event sent now would come back to this process; asked at most every 4 s."""
        if time.monotonic() - self._checked > LIVE_FOR:
            if self._checking is None or self._checking.done():
                self._checking = asyncio.create_task(self._check())
            await asyncio.shield(self._checking)
        return self._live

    async def _check(self) -> bool:
        self._echo.clear()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._layer.send(await self._own_channel(), {"type": "live.check"})
                await self._echo.wait()
            # What could not be joined while the layer was away gets no events yet.
            self._live = self._joined >= self._sockets.keys()
        except Exception:
            self._live = False
        self._checked = time.monotonic()
        self._wake.set()
        return self._live

    @property
    def _layer(self) -> Any:
        return get_channel_layer()

    async def _own_channel(self) -> str:
        async with self._naming:  # asked for by several at once, it is still one channel
            if not self._channel:
                async with asyncio.timeout(TIMEOUT):
                    self._channel = await self._layer.new_channel()
        return self._channel

    def _start(self) -> None:
        if not self._tasks:
            _publisher.adopt(asyncio.get_running_loop())
            self._tasks = [
                asyncio.create_task(self._receive()),
                asyncio.create_task(self._rejoin()),
            ]

    async def _settle(self, group: str) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._layer.group_add(group, await self._own_channel())
        except Exception as error:
            logger.warning("live updates paused: %s", type(error).__name__)
            self._live, self._checked = False, time.monotonic()
            self._wake.set()
        else:
            if group in self._sockets:
                self._joined.add(group)

    async def _rejoin(self) -> None:
        """Try again to join what could not be joined while the layer was away."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while missing := [group for group in self._sockets if group not in self._joined]:
                await self._settle(missing[0])
                if missing[0] in self._sockets and missing[0] not in self._joined:
                    await asyncio.sleep(RETRY_AFTER)

    async def _receive(self) -> None:
        while True:
            try:
                event = await self._layer.receive(await self._own_channel())
            except Exception:
                await asyncio.sleep(RETRY_AFTER)
                continue
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
