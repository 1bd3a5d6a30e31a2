"""Tokens in emailed links."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import User


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Spent by setting a password or changing the address, and by nothing else.

    Django's also ends with any login, but the old password shall work until the new one is set.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.password}{timestamp}{user.email_key}"
