"""Where people are signed in: noted, listed, ended.

Ending says so by the signal ``sessions_ended`` once it is committed, so that open sockets close.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as STARTED_AS,
)
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.devices import browser_and_system
from accounts.models import SignIn, User
from accounts.signals import sessions_ended

NOTED_EVERY = timedelta(minutes=10)
NOTED_EVERY_OF_STAFF = timedelta(minutes=1)  # theirs end when they are idle
SHOWN = 50


def is_due(last_seen: datetime | None, user: User) -> bool:
    """Whether it is time to note again that a session is in use; not at every request."""
    every = NOTED_EVERY_OF_STAFF if user.is_staff else NOTED_EVERY
    return last_seen is not None and timezone.now() - last_seen >= every


def is_idle(last_seen: datetime) -> bool:
    """Whether a session was in no use for so long that it ends, if it is one of staff."""
    return timezone.now() - last_seen >= timedelta(seconds=settings.STAFF_SESSION_IDLE)


def note(user: User, session_key: str, user_agent: str) -> None:
    """Somebody is signed in with this session, on such a device, now."""
    browser, system = browser_and_system(user_agent)
    seen = {"user": user, "browser": browser, "system": system, "last_seen_at": timezone.now()}
    try:
        with transaction.atomic():
            SignIn.objects.update_or_create(session_id=session_key, defaults=seen)
    except IntegrityError:
        pass  # the session was ended a moment ago


def of(user: User) -> list[SignIn]:
    """The sessions that let somebody in as this user, last seen first, at most SHOWN."""
    found = SignIn.objects.of(user.pk).alive(timezone.now()).select_related("session")
    return [each for each in found.order_by("-last_seen_at", "-pk")[:SHOWN] if each.opens(user)]


def end(sign_in: SignIn) -> None:
    """Sign somebody out in one place."""
    _end(sign_in.user, [sign_in.session_id])


def end_others(user: User, kept: Iterable[str | None]) -> None:
    """Sign somebody out everywhere but in the sessions with these keys."""
    keys = {key for key in kept if key}
    with transaction.atomic():
        Session.objects.filter(sign_in__user=user).exclude(pk__in=keys).delete()
        announce(user, kept=keys)


def end_all(user: User) -> None:
    """Sign somebody out everywhere."""
    end_others(user, kept=())


def end_unfinished(user: User) -> None:
    """Drop what is kept of those who began to sign in as this user, and never took the last step."""
    begun = Session.objects.filter(sign_in=None, expire_date__gt=timezone.now())
    keys = [
        each.pk for each in begun.iterator() if each.get_decoded().get(STARTED_AS) == str(user.pk)
    ]
    Session.objects.filter(pk__in=keys).delete()


def _end(user: User, keys: list[str]) -> None:
    with transaction.atomic():
        Session.objects.filter(pk__in=keys).delete()
        announce(user, keys=keys)


def announce(user: User, *, keys: Iterable[str] | None = None, kept: Iterable[str] = ()) -> None:
    """Tell, on commit, that sessions of this user have ended (see ``accounts.signals``)."""
    ended = None if keys is None else frozenset(keys)
    stays = frozenset(kept)
    transaction.on_commit(
        lambda: sessions_ended.send_robust(User, user=user, keys=ended, kept=stays)
    )
