"""Deleting an account, by its owner."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import emails
from accounts.constraints import ADMINISTRATORS_LOCK
from accounts.errors import AccountError
from accounts.models import User
from accounts.services import privacy
from accounts.signals import user_deleting
from setahub.core.db.constraints import one_at_a_time


def check_may_delete(user: User) -> None:
    """Everybody may leave, except the last who could let others in."""
    if User.objects.administrators() == [user.pk]:
        text = _("You are the only administrator. Give somebody else that power first.")
        raise AccountError("last_administrator", text)


def delete_account(user: User) -> User:
    """Cancel what is to come, with notice; erase what is personal; sign out everywhere.

    What others have of it, their bookings and conversations, stays under "Deleted user". Email
    and student ID can be used again. Raises AccountError for the last administrator.
    """
    address, language = user.email, user.language
    with transaction.atomic():
        if user.is_superuser:
            # Two administrators who leave at once wait for each other here.
            one_at_a_time(ADMINISTRATORS_LOCK)
            check_may_delete(user)
        # Before the lock, since receivers lock several people, in the order of their ids.
        user_deleting.send(User, user=user)
        [user] = User.objects.locked(user.pk)
        privacy.erase(user)
        # To the address that is gone from now on: it may have been a thief, not the owner.
        emails.queue("accounts/email/account_deleted", address, {}, language=language, user=None)
    return user
