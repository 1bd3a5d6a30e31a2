"""The socket of a tab: carries frames between a browser, the services and the hub."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.http import parse_cookie
from django.utils import translation
from django.utils.translation import gettext as _

from chat import allowance, frames, presence, protocol, sockets
from chat.allowance import Allowance
from chat.protocol import Ping, ProtocolError, Read, Send, Typing, Watch
from setahub.core.db.sessions import session_mark
from setahub.core.live import events
from setahub.core.live.subscriptions import hub
from setahub.core.server import logs

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

NO_SESSION = 4401
SESSION_ENDED = 4403
CROWDED = 4408  # more sockets than one person may have: the oldest end
FLOODED = 4429
COME_BACK = 4503  # the database is away, or the session has another key now
TYPING_EVERY = 3.0  # seconds

# Channels' own thread is one for the whole process: a slow query would hold up every socket.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="socket")


async def _ask(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the database says, on a thread of ours, in the language of this task.

    Channels' own does the same in three times the calls.
    """
    ask, context = partial(work, *args, **kwargs), copy_context()
    return await asyncio.get_running_loop().run_in_executor(_threads, context.run, _answer, ask)


def _answer(ask: Callable[[], T]) -> T:
    try:
        return ask()
    finally:
        close_old_connections()  # it goes back to the pool


class TabConsumer(AsyncWebsocketConsumer):
    """One tab of a signed-in user. The hub delivers to it, so it has no channel of its own."""

    user_id = 0
    session_key = ""
    language = ""  # that the user reads
    wanted: int | None = None  # whose conversation the page has open
    watching: int | None = None  # the same, where it is told whether they are online
    watched_online = False
    own: Allowance | None = None
    name = ""  # among the sockets of all processes
    typed_at = -TYPING_EVERY
    open = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Channels' own listens to a channel besides, and makes a task for each frame.
        self.scope, self.base_send = scope, send
        with contextlib.suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own also closes old connections for each message, which _ask does where it counts.
        await getattr(self, message["type"].replace(".", "_"))(message)

    # --- The connection -------------------------------------------------------------------------

    async def connect(self) -> None:
        """Joins before it accepts: whoever has an open socket misses nothing from then on."""
        self.session_key = self._cookie()
        refusal = NO_SESSION
        try:
            self.name = presence.socket_name()
            user = await _ask(sockets.connect, self.session_key, self.name)
        except DatabaseError as error:
            logger.error("socket: %s", type(error).__name__)
            user, refusal = None, COME_BACK
        if user:
            self.user_id = user.pk
            self.language = user.language
            logs.user_id.set(user.pk)
            await hub().join(events.user_group(user.pk), self)
            self.own = allowance.join(user.pk, self)
        await self.accept()
        self.open = True
        if self.own is None:
            return await self._close(refusal)
        for oldest in self.own.too_many():
            await oldest._close(CROWDED)

    async def disconnect(self, code: int) -> None:
        self.open = False
        if self.user_id:
            await self._unwatch()
            await hub().leave(events.user_group(self.user_id), self)
            allowance.leave(self.user_id, self)
            await _ask(sockets.disconnect, self.user_id, self.name)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        await self.disconnect(message["code"])
        raise StopConsumer

    def _cookie(self) -> str:
        for name, value in self.scope["headers"]:
            if name == b"cookie":
                cookies = parse_cookie(value.decode("latin1"))
                return cookies.get(settings.SESSION_COOKIE_NAME, "")
        return ""

    async def _close(self, code: int) -> None:
        if self.open:
            self.open = False
            if self.own is not None:
                allowance.leave(self.user_id, self)  # it counts no longer, whenever it goes
            await self.close(code)

    async def _send(self, frame: frames.Frame) -> None:
        if self.open:
            await self.send(text_data=json.dumps(frame, ensure_ascii=False))

    # --- From the hub ---------------------------------------------------------------------------

    async def live_event(self, event: dict[str, Any]) -> None:
        """Frames to hand on, or a session that has ended, may have, or has another key now."""
        if event["type"] == "live.frames":
            if event["group"] != events.user_group(self.user_id):
                if self.watched_online:
                    return  # all that is said there is that somebody came
                self.watched_online = True
            for text in event["frames"]:
                if self.open:
                    await self.send(text_data=text)
        elif event["type"] == "live.block":
            if event["other"] == self.wanted:
                self.looking = asyncio.create_task(self._watch_again(event["other"]))
        elif event["type"] == "live.speak":
            self.language = event["code"]
        elif event["type"] == "live.crowded":
            if self.name in event["sockets"]:
                await self._close(CROWDED)
        elif not event["session"]:
            self.looking = asyncio.create_task(self._look_again())
        elif event["session"] == session_mark(self.session_key):
            await self._close(COME_BACK if event["type"] == "live.renew" else SESSION_ENDED)

    async def _look_again(self) -> None:
        """Close when the session no longer stands. Apart from the hub, which waits for nobody."""
        with contextlib.suppress(DatabaseError):
            user = await _ask(sockets.user_of_session, self.session_key)
            if user is None or user.pk != self.user_id:
                await self._close(SESSION_ENDED)

    # --- From the browser -----------------------------------------------------------------------

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if not self.open or self.own is None:
            return
        translation.activate(self.language or settings.LANGUAGE_CODE)  # of this task alone
        if not self.own.take():
            return await self._refuse(message.get("text"))
        try:
            async with self.own.turn:
                await self._take(protocol.parse(message.get("text")))
        except ProtocolError as error:
            await self._send(frames.error(error.code, error.detail, error.client_id))
        except DatabaseError as error:
            # Nothing is stored: the page keeps the message and sends it again after it reconnects.
            logger.error("socket: %s", type(error).__name__)
            await self._close(COME_BACK)

    async def _refuse(self, text: str | None) -> None:
        """One frame too many; whoever goes on in spite of it is closed."""
        if self.own is not None and self.own.is_flooded:
            return await self._close(FLOODED)
        words = _("That was too much at once. Please wait a moment.")
        await self._send(frames.error("rate_limited", words, protocol.client_id_in(text)))

    async def _take(self, frame: protocol.Frame) -> None:
        match frame:
            case Send():
                await self._send(await _ask(sockets.send, self.user_id, frame))
            case Typing():
                await self._type(frame)
            case Read():
                await _ask(sockets.mark_read, self.user_id, frame)
            case Watch():
                await self._watch(frame.other)
            case Ping():
                await self._pong(frame.user)

    async def _type(self, frame: Typing) -> None:
        now = monotonic()
        if now - self.typed_at < TYPING_EVERY:
            return
        self.typed_at = now
        refused = await _ask(sockets.typing, self.user_id, frame)
        if refused:
            await self._send(refused)

    async def _watch(self, other: int | None) -> None:
        self.wanted = other
        await self._unwatch()
        if other is None:
            return
        online = await _ask(sockets.watch, self.user_id, other)
        if online is not None and self.wanted == other:
            self.watching = other
            await hub().join(events.watch_group(other), self)
            # Nobody here was told of whoever came between the look and the join.
            online = online or await _ask(presence.is_online, other)
            self.watched_online = online
        await self._send(frames.presence(other, bool(online)))

    async def _watch_again(self, other: int) -> None:
        """A block between the two has come or gone."""
        with contextlib.suppress(DatabaseError):
            await self._watch(other)

    async def _unwatch(self) -> None:
        if self.watching is not None:
            await hub().leave(events.watch_group(self.watching), self)
            self.watching = None

    async def _pong(self, user: int | None) -> None:
        if user not in (None, self.user_id):
            # A page of somebody who was signed in before in this browser.
            return await self._close(SESSION_ENDED)
        watching = self.watching
        beat = await _ask(sockets.beat, self.user_id, self.session_key, watching, self.name)
        if not beat.alive:
            return await self._close(SESSION_ENDED)
        self.language = beat.language
        if not beat.sees:
            await self._unwatch()
        if watching is not None and beat.online != self.watched_online:
            self.watched_online = beat.online
            await self._send(frames.presence(watching, beat.online))
        await self._send(frames.pong(beat.newest, await hub().is_live()))
