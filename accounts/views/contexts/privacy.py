"""The page that asks before an account is deleted."""

from dataclasses import dataclass

from accounts.forms.account import DeleteAccountForm
from accounts.models import User
from accounts.queries.factors import factors_of
from scheduling.queries.bookings import ahead_of


@dataclass(frozen=True)
class DeletePage:
    """``bookings`` and ``sessions``: how many coming ones would be cancelled.

    ``with_key``: whether a passkey or a code may be shown in place of the password.
    """

    form: DeleteAccountForm
    with_key: bool
    bookings: int
    sessions: int

    @classmethod
    def of(cls, user: User, form: DeleteAccountForm) -> "DeletePage":
        with_key = "password" in form.fields and bool(factors_of(user))
        return cls(form, with_key, *ahead_of(user))
