"""What a socket asks of the database, each in one go on a thread of its own."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from chat import allowance, frames, presence, services
from chat.errors import ChatError
from chat.frames import Frame
from chat.protocol import Read, Send, Typing
from chat.queries.conversations import newest_id
from chat.queries.reach import may_see
from setahub.core.live import events
from setahub.core.web import ratelimit
from setahub.core.web.refusals import refusal_of

SESSION_KEYS = {BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY}


@dataclass(frozen=True)
class Beat:
    """What a ping tells: the newest message, whether the watched person may be seen, and is online."""

    alive: bool
    language: str = ""  # that the user reads
    newest: int | None = None
    sees: bool = False
    online: bool = False


def user_of_session(key: str) -> User | None:
    """The active user whose session this is, if it stands; as for pages."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    if user := store.user():
        return user
    if SESSION_KEYS - set(store.keys()) or store[BACKEND_SESSION_KEY] not in (
        settings.AUTHENTICATION_BACKENDS
    ):
        return None
    try:
        user = User.objects.active().filter(pk=store[SESSION_KEY]).first()
    except ValueError:
        return None
    if user is None or not user.fits_session(store[HASH_SESSION_KEY]):
        return None
    return user


def connect(key: str, name: str) -> User | None:
    """The session's user, who is online from now on; watchers are told when they weren't.

    ``name`` is the socket's; the person's oldest one ends where there are too many.
    """
    user = user_of_session(key)
    if user is not None:
        _seen(user.pk, name)
    return user


def _seen(user_id: int, name: str) -> None:
    if ratelimit.is_on() and (beyond := presence.opened(user_id, name, allowance.MOST_SOCKETS)):
        events.crowded(user_id, beyond)
    if presence.touch(user_id):
        events.push(events.watch_group(user_id), frames.presence(user_id, True))


def disconnect(user_id: int, name: str) -> None:
    """A socket less."""
    if ratelimit.is_on():
        presence.closed(user_id, name)


def beat(user_id: int, key: str, watching: int | None, name: str) -> Beat:
    """A ping: the session is looked at again, and the user stays online."""
    user = user_of_session(key)
    if user is None or user.pk != user_id:
        return Beat(alive=False)
    _seen(user_id, name)
    sees = watching is not None and may_see(user_id, watching)
    return Beat(
        alive=True,
        language=user.language,
        newest=newest_id(user_id),
        sees=sees,
        online=sees and watching is not None and presence.is_online(watching),
    )


def send(user_id: int, frame: Send) -> Frame:
    """Store a message; what the sending socket is answered."""
    try:
        message = services.send(user_id, frame.to, frame.client_id, frame.text)
    except ChatError as error:
        return frames.error(error.code, error.message, frame.client_id)
    return frames.ack(message)


def typing(user_id: int, frame: Typing) -> Frame | None:
    """Tell the other that the user types; what is answered when that isn't allowed."""
    refusal = refusal_of(services.check_may_write, user_id, frame.to)
    if refusal is not None:
        return frames.error(refusal.code, refusal.message, None)
    events.push(events.user_group(frame.to), frames.typing(user_id))
    return None


def mark_read(user_id: int, frame: Read) -> None:
    services.mark_read(user_id, frame.other, frame.last_id)


def watch(user_id: int, other_id: int) -> bool | None:
    """Whether the other is online; None where that is no business of the user's."""
    if not may_see(user_id, other_id):
        return None
    return presence.is_online(other_id)
