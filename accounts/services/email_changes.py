"""Another address to sign in with: wished for, come into use, stopped or taken back.

The address in use is told of each step. Was it proven, then with a link by which whoever has it may
undo it: the account is theirs again, and nothing that somebody else knows or has added opens it.
"""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import tasks
from accounts.errors import AccountError
from accounts.models import User
from accounts.models.mail import TAKEN_BACK_WITHIN, EmailChange
from accounts.queries.emails import is_proven
from accounts.services import mfa, sign_ins
from setahub.core.keys import fold_email
from setahub.core.work.tasks import later


@dataclass(frozen=True)
class Undone:
    """Whose account it is, and how many factors of the second step were taken off it."""

    user: User
    factors: int


def ask(user: User, email: str) -> EmailAddress:
    """Keep the wish; the address counts once it is proven. An earlier wish ends."""
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        _wishes(user).delete()
        address = EmailAddress.objects.create(user=user, email=email)
        change = EmailChange.objects.create(
            user=user,
            old_email=user.email,
            old_was_proven=is_proven(user, user.email),
            new_email=email,
        )
        later(tasks.tell_of_change, change.pk, "asked")
    return address


def note_done(user: User, old_email: str, new_email: str, *, old_was_proven: bool) -> None:
    """The new address is in use from now on. Inside the transaction that made it so."""
    wished = EmailChange.objects.filter(user=user, new_email=new_email, done_at=None)
    change = wished.order_by("-pk").first() or EmailChange(user=user, new_email=new_email)
    change.old_email, change.old_was_proven = old_email, old_was_proven
    change.done_at = timezone.now()
    change.save()
    later(tasks.tell_of_change, change.pk, "done")


def can_be_undone(change: EmailChange) -> bool:
    """Whether its link counts, and there is something left to undo."""
    stands = _wishes(change.user).exists() or not _is_in_use(change.old_email, change.user)
    return stands and change.can_be_undone(timezone.now())


def undo(change: EmailChange) -> Undone:
    """Stop the change, or put the old address back; sign out everywhere.

    So with every later change too: whoever made this one may have made more. Factors added since it
    was asked for go, and the password opens nothing any more: a link to choose a new one is sent to
    the old address. Raises AccountError when there is nothing left to undo, or the old address is
    another account's by now.
    """
    with transaction.atomic():
        [user] = User.objects.locked(change.user_id)
        change.refresh_from_db()
        if not can_be_undone(change):
            raise AccountError("gone", _("This link no longer works."), 410)
        _wishes(user).delete()
        if not _is_in_use(change.old_email, user):
            _put_back(user, change.old_email)
        factors = mfa.remove_added_since(_first_asked(change), user)
        later_too = EmailChange.objects.filter(user=user, pk__gte=change.pk)
        later_too.update(undone_at=timezone.now())
        user.set_unusable_password()
        user.save(update_fields=["password"])
        sign_ins.end_all(user)
        sign_ins.end_unfinished(user)  # they may have typed the old password already
        later(tasks.send_reset, user.pk)  # should the page that this leads to be lost
    return Undone(user, factors)


def _first_asked(change: EmailChange) -> datetime:
    """When a change away from this address was first asked for, of those that may be undone still.

    Who asked for this one may have asked before.
    """
    same = EmailChange.objects.filter(user=change.user_id, old_email=change.old_email)
    open_still = same.filter(undone_at=None, asked_at__gt=timezone.now() - TAKEN_BACK_WITHIN)
    return min([change.asked_at, *open_still.values_list("asked_at", flat=True)])


def _put_back(user: User, email: str) -> None:
    others = EmailAddress.objects.exclude(user=user).filter(email=email.lower(), verified=True)
    if others.exists() or User.objects.exclude(pk=user.pk).with_email(email).exists():
        text = _("Another account uses this email by now. Please ask the staff of your faculty.")
        raise AccountError("taken", text)
    user.email = email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    # Only who reads its mail has the link.
    EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)


def _wishes(user: User) -> models.QuerySet[EmailAddress]:
    """Addresses that are not proven; the one in use may be among those that aren't."""
    return EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email.lower())


def _is_in_use(email: str, user: User) -> bool:
    return fold_email(email) == user.email_key
