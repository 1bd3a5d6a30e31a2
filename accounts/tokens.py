"""Tokens in place of signing in: in links of emails, and in the address of a calendar."""

import re

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import MailKind, User


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Ends when the password is set or the address changed, and with nothing else.

    Django's ends with any login too, but the old password must work until the new one is set.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.password}{timestamp}{user.email_key}"


def _signer(purpose: str) -> Signer:
    return Signer(salt=f"accounts.{purpose}", sep=".")


def unsubscribe_token(user: User, kind: MailKind) -> str:
    """What may switch off one kind of one person's emails, and nothing else. Never expires."""
    return _signer("unsubscribe").sign(f"{user.pk}-{kind.value}")


def read_unsubscribe(token: str) -> tuple[User, MailKind] | None:
    """Whose emails of which kind; None when the token isn't ours or the person is gone."""
    try:
        user_id, kind = _signer("unsubscribe").unsign(token).split("-")
    except BadSignature:
        return None
    user = User.objects.active().filter(pk=user_id).first()
    return (user, MailKind(kind)) if user else None


def email_change_token(change_id: int) -> str:
    """What may undo one change of an email, and nothing else."""
    return _signer("email-change").sign(str(change_id))


def read_email_change(token: str) -> int | None:
    """The id of the change; None when the token isn't ours."""
    try:
        return int(_signer("email-change").unsign(token))
    except BadSignature:
        return None


def calendar_token(user: User) -> str:
    """The secret of the user's private calendar; the same until it is renewed.

    Nobody can make one without the site's key: a copy of the database is not enough.
    """
    return f"{user.pk}-{_calendar_mac(user, settings.SECRET_KEY)}"


def calendar_owner(token: str) -> User | None:
    """Whose private calendar it opens; None for a wrong or old token, or a suspended user."""
    parts = re.fullmatch(r"([0-9]{1,18})-([0-9a-f]{64})", token, re.ASCII)
    user = User.objects.active().filter(pk=int(parts[1])).first() if parts else None
    if user is None or parts is None:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    fits = [constant_time_compare(parts[2], _calendar_mac(user, key)) for key in keys]
    return user if any(fits) else None


def _calendar_mac(user: User, key: str | bytes) -> str:
    value = f"{user.pk}-{user.calendar_nonce}"
    mac = salted_hmac("accounts.calendar", value, secret=key, algorithm="sha256")
    return mac.hexdigest()
