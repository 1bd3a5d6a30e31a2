"""Where people are signed in: noted and ended.

Ending says so by the signal ``sessions_ended`` once it is committed, so that open sockets close. It
locks the person: nothing comes to hang on a session at that moment (``accounts.services.push``).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import SignIn, User
from accounts.reauthentication import has_begun
from accounts.signals import sessions_ended
from setahub.core.web.devices import browser_and_system

NOTED_EVERY = timedelta(minutes=10)
NOTED_EVERY_OF_STAFF = timedelta(minutes=1)  # theirs end when they are idle


def is_due(last_seen: datetime | None, user: User) -> bool:
    """Whether it is time to note again that a session is in use; not at every request."""
    every = NOTED_EVERY_OF_STAFF if user.is_staff else NOTED_EVERY
    return last_seen is not None and timezone.now() - last_seen >= every


def is_idle(last_seen: datetime) -> bool:
    """Whether a session has been unused for so long that it ends, if it is one of staff."""
    return timezone.now() - last_seen >= timedelta(seconds=settings.STAFF_SESSION_IDLE)


def note(user: User, session_key: str, user_agent: str) -> None:
    """Somebody is signed in with this session, on this device, now."""
    browser, system = browser_and_system(user_agent)
    fields = {"user": user, "browser": browser, "system": system, "last_seen_at": timezone.now()}
    try:
        with transaction.atomic():
            SignIn.objects.update_or_create(session_id=session_key, defaults=fields)
    except IntegrityError:
        pass  # the session was ended a moment ago


def noted(user: User, session_key: str, user_agent: str) -> SignIn | None:
    """The sign-in of this session, noted now where a program made it; None where it has ended."""
    own = SignIn.objects.of(user.pk).filter(session=session_key)
    if not own.exists():
        note(user, session_key, user_agent)
    return own.first()


def end(sign_in: SignIn) -> None:
    """Sign somebody out in one place."""
    keys = [sign_in.session_id]
    with transaction.atomic():
        User.objects.locked(sign_in.user_id)
        Session.objects.filter(pk__in=keys).delete()
        announce(sign_in.user, keys=keys)


def end_others(user: User, kept: Iterable[str | None]) -> None:
    """Sign somebody out everywhere but in the sessions with these keys."""
    keys = {key for key in kept if key}
    with transaction.atomic():
        User.objects.locked(user.pk)
        Session.objects.filter(sign_in__user=user).exclude(pk__in=keys).delete()
        announce(user, kept=keys)


def end_all(user: User) -> None:
    """Sign somebody out everywhere."""
    end_others(user, kept=())


def end_unfinished(user: User) -> None:
    """Delete the sessions that began to sign in as this user and never took the last step."""
    unfinished = Session.objects.filter(sign_in=None, expire_date__gt=timezone.now())
    keys = [session.pk for session in unfinished.iterator() if has_begun(session, user)]
    Session.objects.filter(pk__in=keys).delete()


def announce(user: User, *, keys: Iterable[str] | None = None, kept: Iterable[str] = ()) -> None:
    """Send ``sessions_ended`` on commit (see ``accounts.signals``)."""
    ended = None if keys is None else frozenset(keys)
    remaining = frozenset(kept)
    transaction.on_commit(
        lambda: sessions_ended.send_robust(User, user=user, keys=ended, kept=remaining)
    )
