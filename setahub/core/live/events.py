"""What reaches open pages at once: named events to groups of sockets, over the channel layer.

An event is a hint that may be lost, since the channel layer may drop it or be away: whoever needs
certainty asks the database. So sending never fails and never waits. How sockets get the events is
in ``subscriptions.py``.

Groups are named ``user.<id>`` (all sockets of a person) and ``watch.<id>`` (sockets whose page
shows whether that person is there). Of the channel layer all of them are one group, EVERYBODY: each
process with sockets hears everything, and knows whom it has. So what is said meanwhile goes out together;
of a message, handing over its two events one by one was a third of what the process did. Its own
sockets hear of it at once: the way through Redis was a fifth of a message's.
"""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

TIMEOUT = 1.0  # seconds for anything that is asked of the channel layer
MAX_WAITING = 2000  # events not yet handed over; what comes on top is dropped
TOGETHER = 50  # events that are handed over at once, at most
GATHERED = 0.002  # seconds that the first of them waits for more: a message makes three
EVERYBODY = "everybody"

_making = threading.Lock()

Frame = dict[str, Any]
Event = dict[str, Any]


def user_group(user_id: int) -> str:
    return f"user.{user_id}"


def watch_group(user_id: int) -> str:
    return f"watch.{user_id}"


def push(group: str, *frames: Frame) -> None:
    """Send frames to every socket of a group once the transaction is committed."""
    texts = [json.dumps(frame, ensure_ascii=False) for frame in frames]
    _after_commit(group, {"type": "live.frames", "frames": texts})


def end(user_id: int, session: str = "") -> None:
    """Have a person's sockets look again whether their session still stands, after the commit.

    ``session`` is the ``session_mark`` of one that has ended for certain: then only it is meant.
    """
    _after_commit(user_group(user_id), {"type": "live.end", "session": session})


def renew(user_id: int, session: str) -> None:
    """Have the sockets of a session come back, since it goes on under another key."""
    _after_commit(user_group(user_id), {"type": "live.renew", "session": session})


def speak(user_id: int, code: str) -> None:
    """Have a person's sockets speak another language, by its code, after the commit."""
    _after_commit(user_group(user_id), {"type": "live.speak", "code": code})


def block(one_id: int, other_id: int) -> None:
    """Have the sockets of two people look again whether they see each other, after the commit."""
    for user_id, other in ((one_id, other_id), (other_id, one_id)):
        _after_commit(user_group(user_id), {"type": "live.block", "other": other})


def crowded(user_id: int, sockets: list[str]) -> None:
    """Have those of a person's sockets end that are too many, by their names."""
    _after_commit(user_group(user_id), {"type": "live.crowded", "sockets": sockets})


def layer() -> Any:
    """The channel layer. Channels makes it on first use, and two threads at once would make two."""
    with _making:
        return get_channel_layer()


async def check(name: str) -> None:
    """Ask for an echo, on the way that events go: a process may have fallen out of the group alone."""
    await layer().group_send(EVERYBODY, {"type": "live.check", "of": name})


def ping() -> None:
    """Raises when the channel layer does not answer within about a second; for readiness checks."""
    work = _publish("", [])
    asyncio.run_coroutine_threadsafe(work, _publisher.loop()).result(TIMEOUT * 2)


def adopt(loop: asyncio.AbstractEventLoop, hear: Callable[[Event], None]) -> str:
    """Send from the loop that the sockets of this process live on; ``hear`` is called there at once.

    Gives the name by which the channel layer brings the same events back, ``of``.
    """
    return _publisher.adopt(loop, hear)


def _after_commit(group: str, event: Event) -> None:
    event["group"] = group
    transaction.on_commit(lambda: _publisher.send(event), robust=True)


async def _publish(name: str, events: Sequence[Event]) -> None:
    async with asyncio.timeout(TIMEOUT):
        await layer().group_send(EVERYBODY, {"type": "live.events", "of": name, "events": events})


class Outage:
    """Says once that something went away, and once that it is back."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begun = False

    def failed(self, error: BaseException) -> None:
        if not self._begun:
            self._begun = True
            logger.warning("%s: paused (%s)", self._what, type(error).__name__)

    def worked(self) -> None:
        if self._begun:
            self._begun = False
            logger.info("%s: back", self._what)


class _Outbox:
    """Events on their way to the channel layer, in order; lives on one event loop."""

    def __init__(self, hear: Callable[[Event], None] | None = None) -> None:
        self.name = uuid4().hex
        self._hear = hear
        self._waiting: deque[Event] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._outage = Outage("sending live events")

    def put(self, event: Event) -> None:
        if self._hear is not None:
            self._hear(event)
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(event)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        try:
            await asyncio.sleep(GATHERED)
            while self._waiting:
                next_ones = min(len(self._waiting), TOGETHER)
                await _publish(self.name, [self._waiting.popleft() for _ in range(next_ones)])
                self._outage.worked()
        except Exception as error:  # whatever the layer raises while it is away
            # The others would fail too, each after a second of its own.
            self._waiting.clear()
            self._outage.failed(error)
        finally:
            self._sending = None


class _Publisher:
    """Takes events from any thread to the event loop that hands them to the channel layer.

    That is the server's own loop where there are sockets, else one in a thread of its own: a loop
    for each event, as ``async_to_sync`` makes it, would also be a connection for each event.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outbox = _Outbox()

    def adopt(self, loop: asyncio.AbstractEventLoop, hear: Callable[[Event], None]) -> str:
        with self._lock:
            self._loop, self._outbox = loop, _Outbox(hear)
            return self._outbox.name

    def send(self, event: Event) -> None:
        loop, outbox = self._place()
        try:
            loop.call_soon_threadsafe(outbox.put, event)
        except RuntimeError:  # the loop has just closed: so have its sockets
            logger.warning("live event lost: this process is ending")

    def loop(self) -> asyncio.AbstractEventLoop:
        return self._place()[0]

    def _place(self) -> tuple[asyncio.AbstractEventLoop, _Outbox]:
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="setahub-live", daemon=True).start()
                self._loop, self._outbox = loop, _Outbox()
            return self._loop, self._outbox


_publisher = _Publisher()
