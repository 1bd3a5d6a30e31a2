"""Sessions, and the sign-ins that they belong to."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import SignIn, User
from setahub.core.db.prepared import prepared

MAX_LISTED = 50


@prepared
def live_session(key: str | None, now: datetime) -> "QuerySet[Session]":
    """The session with this key that has not ended, with its sign-in and its user."""
    return Session.objects.select_related("sign_in__user").filter(
        session_key=key, expire_date__gt=now
    )


def sign_ins_of(user: User) -> list[SignIn]:
    """The sign-ins whose session still lets this user in, last seen first, at most MAX_LISTED."""
    sign_ins = SignIn.objects.of(user.pk).alive(timezone.now()).select_related("session")
    newest = sign_ins.order_by("-last_seen_at", "-pk")[:MAX_LISTED]
    return [sign_in for sign_in in newest if sign_in.opens(user)]
