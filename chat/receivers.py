"""What follows in conversations and on open sockets from what happens elsewhere."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.signals import sessions_ended, user_suspended
from chat import services
from scheduling.models import BookingEvent
from scheduling.signals import booking_changed
from setahub.lib import live
from setahub.lib.sessions import session_mark


@receiver(booking_changed)
def show_card(event: BookingEvent, **kwargs: Any) -> None:
    services.post_card(event)


@receiver(user_logged_out)
def close_sockets_of_session(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """The session is flushed only after this signal, so it is named as ended."""
    if user is not None and request.session.session_key:
        live.end(user.pk, session_mark(request.session.session_key))


@receiver(user_suspended)
def close_sockets(user: User, **kwargs: Any) -> None:
    live.end(user.pk)


@receiver([password_changed, password_set, password_reset])
def close_sockets_elsewhere(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The browser that changed it stays signed in, under a new key that its tabs must learn."""
    own = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if own and request.user == user:
        live.renew(user.pk, session_mark(own))
    live.end(user.pk)


@receiver(sessions_ended)
def close_sockets_of_ended(user: User, keys: frozenset[str] | None, **kwargs: Any) -> None:
    live.end(user.pk)  # each looks for itself whether its session still stands
    for key in keys or ():
        live.end(user.pk, session_mark(key))
