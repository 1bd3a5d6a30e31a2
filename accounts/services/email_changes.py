"""Another address to sign in with: asked for, taken into use, stopped or undone.

The address in use gets an email of each step. If it was proven, that has a link to undo it: the
account is then its owner's again, and nothing that somebody else knows or has added opens it.
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import emails, tasks
from accounts.errors import AccountError
from accounts.models import User
from accounts.models.mail import UNDONE_WITHIN, EmailChange
from accounts.queries.emails import is_proven
from accounts.services import mfa, sign_ins
from accounts.services.notices import Happening, notify
from setahub.core.keys import fold_email
from setahub.core.work.tasks import later


def ask(user: User, email: str) -> EmailAddress:
    """Keep the new address, which counts once it is proven, in place of one asked for earlier."""
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        _unproven(user).delete()
        address = EmailAddress.objects.create(user=user, email=email)
        change = EmailChange.objects.create(
            user=user,
            old_email=user.email,
            old_was_proven=is_proven(user, user.email),
            new_email=email,
        )
        _tell(change, "asked")
    return address


def note_done(user: User, old_email: str, new_email: str, *, old_was_proven: bool) -> None:
    """The new address is in use from now on. Inside the transaction that made it so."""
    asked = EmailChange.objects.filter(user=user, new_email=new_email, done_at=None)
    change = asked.order_by("-pk").first() or EmailChange(user=user, new_email=new_email)
    change.old_email, change.old_was_proven = old_email, old_was_proven
    change.done_at = timezone.now()
    change.save()
    _tell(change, "done")


def _tell(change: EmailChange, when: str) -> None:
    data = {"change": change.pk, "when": when, "template": emails.CHANGES[when]}
    key = f"email-change-{change.pk}-{when}"
    notify(Happening(emails.CHANGE, change.user_id, key, data))


def can_be_undone(change: EmailChange) -> bool:
    """Whether its link still works, and there is something left to undo."""
    is_open = _unproven(change.user).exists() or not _is_in_use(change.old_email, change.user)
    return is_open and change.can_be_undone(timezone.now())


def undo(change: EmailChange) -> int:
    """Stop the change, or put the old address back; sign out everywhere.

    The same goes for every later change: whoever made this one may have made more. Factors added
    since it was asked for are removed, and the password no longer works: a link to choose a new one
    is sent to the old address. Returns how many factors were removed; ``change.user`` is fresh
    afterwards. Raises AccountError when there is nothing left to undo, or when another account uses
    the old address by now.
    """
    with transaction.atomic():
        [user] = User.objects.locked(change.user_id)
        change.refresh_from_db()
        change.user = user
        if not can_be_undone(change):
            raise AccountError("gone", _("This link no longer works."), 410)
        _unproven(user).delete()
        if not _is_in_use(change.old_email, user):
            _put_back(user, change.old_email)
        factors = mfa.remove_added_since(_first_asked(change), user)
        from_then = EmailChange.objects.filter(user=user, pk__gte=change.pk)
        from_then.update(undone_at=timezone.now())
        user.set_unusable_password()
        user.save(update_fields=["password"])
        sign_ins.end_all(user)
        sign_ins.end_unfinished(user)  # with the old password typed already
        later(tasks.send_reset, user.pk)  # in case the page that this leads to is lost
    return factors


def _first_asked(change: EmailChange) -> datetime:
    """When a change away from this address was first asked for, of those that can be undone.

    Whoever asked for this one may have asked before.
    """
    same_address = EmailChange.objects.filter(user=change.user_id, old_email=change.old_email)
    undoable = same_address.filter(undone_at=None, asked_at__gt=timezone.now() - UNDONE_WITHIN)
    return min([change.asked_at, *undoable.values_list("asked_at", flat=True)])


def _put_back(user: User, email: str) -> None:
    others = EmailAddress.objects.exclude(user=user).filter(email=email.lower(), verified=True)
    if others.exists() or User.objects.exclude(pk=user.pk).with_email(email).exists():
        text = _("Another account uses this email now. Please ask the staff of your faculty.")
        raise AccountError("taken", text)
    user.email = email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    # Proven: only somebody who reads its mail has the link.
    EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)


def _unproven(user: User) -> models.QuerySet[EmailAddress]:
    """Addresses that were asked for; the one in use may be unproven too."""
    return EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email.lower())


def _is_in_use(email: str, user: User) -> bool:
    return fold_email(email) == user.email_key
