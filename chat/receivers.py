"""What follows in conversations and on open sockets from what happens elsewhere."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import Block, User
from accounts.signals import language_chosen, session_renewed, sessions_ended, user_suspended
from chat import services
from scheduling.models import BookingEvent, Takeaway
from scheduling.signals import booking_changed, takeaway_left
from setahub.core.db.sessions import session_mark
from setahub.core.live import events


@receiver(booking_changed)
def show_card(event: BookingEvent, **kwargs: Any) -> None:
    services.post_card(event)


@receiver(takeaway_left)
def show_takeaway(takeaway: Takeaway, **kwargs: Any) -> None:
    services.post_takeaway(takeaway)


@receiver([post_save, post_delete], sender=Block)
def look_who_is_seen(instance: Block, **kwargs: Any) -> None:
    events.block(instance.blocker_id, instance.blocked_id)


@receiver(language_chosen)
def speak_it(user: User, **kwargs: Any) -> None:
    events.speak(user.pk, user.language)


@receiver(user_logged_out)
def close_sockets_of_session(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """The session is flushed only after this signal, so it is named as ended."""
    if user is not None and request.session.session_key:
        events.end(user.pk, session_mark(request.session.session_key))


@receiver(user_suspended)
def close_sockets(user: User, **kwargs: Any) -> None:
    events.end(user.pk)


@receiver(session_renewed)
def bring_sockets_back(user_id: int, key: str, **kwargs: Any) -> None:
    """The browser that changed its password stays signed in, and its tabs must learn the new key."""
    events.renew(user_id, session_mark(key))


@receiver(sessions_ended)
def close_sockets_of_ended(user: User, keys: frozenset[str] | None, **kwargs: Any) -> None:
    events.end(user.pk)  # each looks for itself whether its session still stands
    for key in keys or ():
        events.end(user.pk, session_mark(key))
