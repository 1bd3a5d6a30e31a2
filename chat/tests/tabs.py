"""Tabs of browsers for tests: sockets to the ASGI application of this process."""

import asyncio
import itertools
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Self, TypeVar

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from chat.models import Message
from setahub.asgi import application
from setahub.core.db.sessions import SessionStore
from setahub.core.live import events

HOST = "testserver"
WITHIN = 15  # seconds that a test waits for what must come, on a busy machine

P = ParamSpec("P")
T = TypeVar("T")

_fences = itertools.count(1)


def in_db(work: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Do it on a thread that may ask the database; what it told open pages has left when it is done."""

    async def done(*args: P.args, **kwargs: P.kwargs) -> T:
        result = await database_sync_to_async(work)(*args, **kwargs)
        loop, outbox = events._publisher._place()

        async def left() -> None:
            while outbox._sending:
                await asyncio.sleep(0.001)

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(left(), loop))
        return result

    return done


def stored() -> list[tuple[int, str]]:
    """Sender and text of all messages there are."""
    return list(Message.objects.order_by("pk").values_list("sender", "text"))


def session_of(user: User) -> SessionStore:
    """A stored session, as a sign-in makes it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


def headers(session_key: str = "", **more: str) -> list[tuple[bytes, bytes]]:
    """What a browser sends from a page of the site; ``more`` in the place of a header's own."""
    sent = {"host": HOST, "origin": f"http://{HOST}", **more}
    if session_key:
        sent["cookie"] = f"theme=dark; {settings.SESSION_COOKIE_NAME}={session_key}"
    return [
        (name.replace("_", "-").encode(), value.encode("latin1")) for name, value in sent.items()
    ]


class Tab(WebsocketCommunicator):
    """One tab of somebody. ``tab = await Tab.of(user)``; frames are dictionaries."""

    user: User

    def __init__(self, session_key: str = "", path: str = "/ws/", **more: str) -> None:
        super().__init__(application, path, headers=headers(session_key, **more))

    @classmethod
    async def of(cls, user: User, session: SessionStore | None = None) -> Self:
        """An open tab of a signed-in user."""
        session = session or await database_sync_to_async(session_of)(user)
        tab = cls(session.session_key or "")
        tab.user = user
        assert await tab.open() is True
        return tab

    async def open(self) -> Any:
        """True when the handshake was accepted, else False."""
        accepted, _protocol = await self.connect(timeout=WITHIN)
        return accepted

    async def say(self, type: str, **fields: Any) -> None:
        """Send a frame. ``other`` is the field ``with``, a word of Python's own."""
        if "other" in fields:
            fields["with"] = fields.pop("other")
        await self.send_json_to({"type": type, **fields})

    async def send_message(self, to: User, text: str = "Hello", client_id: str = "") -> str:
        """Send a message; gives its ``client_id``."""
        client_id = client_id or str(uuid.uuid4())
        await self.say("message.send", to=to.pk, client_id=client_id, text=text)
        return client_id

    async def next(self, *types: str) -> dict[str, Any]:
        """The next frame of these types; what comes before it is passed over."""
        while True:
            frame = await self.receive_json_from(timeout=WITHIN)
            if frame["type"] in types or not types:
                return frame

    async def rest(self) -> list[dict[str, Any]]:
        """Every frame that was sent to this tab until now."""
        fence = {"type": "fence", "number": next(_fences)}
        await database_sync_to_async(events.push)(events.user_group(self.user.pk), fence)
        frames = []
        while (frame := await self.receive_json_from(timeout=WITHIN)) != fence:
            if frame["type"] != "fence":
                frames.append(frame)
        return frames

    async def closed(self) -> int:
        """The code that the server closes with; what comes before it is passed over."""
        while True:
            output = await self.receive_output(timeout=WITHIN)
            if output["type"] == "websocket.close":
                return output.get("code", 1000)
