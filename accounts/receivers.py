"""Answers to what happens in allauth and Django: who signs in and out, and new passwords."""

from typing import Any

from allauth.account.signals import (
    password_changed,
    password_reset,
    password_set,
    user_signed_up,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models import ProtectedError
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import reauthentication
from accounts.constraints import ADMINISTRATORS_LOCK
from accounts.models import User
from accounts.queries.factors import FACTORS
from accounts.services import guesses, invitations, languages, sign_ins
from setahub.core.db.constraints import one_at_a_time


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    if not request.session.session_key:
        request.session.save()  # the session of another user was just dropped
    key = str(request.session.session_key)
    sign_ins.note(user, key, request.META.get("HTTP_USER_AGENT", ""))
    if chosen := request.session.pop(languages.CHOSEN, None):  # as a visitor
        languages.choose(user, chosen)


@receiver(user_signed_up)
def record_new_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Whoever has just chosen a password need not type it again at once."""
    reauthentication.record(request, user, method="password", email=user.email)


@receiver(authenticator_added)
def record_new_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Whoever has just set up a code or a key need not show it again at once."""
    if authenticator.type in FACTORS:
        factor = {"id": authenticator.pk, "type": authenticator.type, reauthentication.SET_UP: True}
        reauthentication.record(request, user, method="mfa", **factor)


@receiver(user_logged_out)
def announce_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and request.session.session_key:
        sign_ins.announce(user, keys=[request.session.session_key])


@receiver([password_changed, password_set])
def end_other_sessions(request: HttpRequest, user: User, **kwargs: Any) -> None:
    # The session got a new key just now; pages open in this browser still have the old one.
    earlier = getattr(request.session, "earlier_key", None)
    sign_ins.end_others(user, kept=[request.session.session_key, earlier])


@receiver(password_reset)
def end_every_session(user: User, **kwargs: Any) -> None:
    if user.invited_at:
        invitations.accept(user)
    sign_ins.end_all(user)
    guesses.forget_passwords(user)


@receiver(post_delete, sender=User)
def keep_the_last_administrator(instance: User, **kwargs: Any) -> None:
    """Also where rows are deleted by a command or a shell; the error undoes the deletion."""
    if not instance.is_administrator:
        return
    one_at_a_time(ADMINISTRATORS_LOCK)
    if not User.objects.administrators():
        raise ProtectedError("The only administrator can't be deleted.", {instance})
