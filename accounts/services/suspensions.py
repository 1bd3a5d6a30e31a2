"""Suspending people, and restoring them."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import Suspension, User
from accounts.services import sign_ins
from accounts.services.administrators import check_one_stays
from accounts.signals import user_suspended


def suspend(user: User, actor: User | None, *, cancel_bookings: bool, reason: str = "") -> None:
    """Sign the user out everywhere and hide their free time. ``reason`` is kept.

    ``cancel_bookings``: also cancel the coming bookings, taken and given, with notice.
    """
    check_may_suspend(user, actor)
    with transaction.atomic():
        check_one_stays(user)
        # Before any lock, since receivers lock several people, in the order of their ids.
        user_suspended.send(User, user=user, actor=actor, cancel_bookings=cancel_bookings)
        if not User.objects.active().filter(pk=user.pk).update(is_active=False):
            raise AccountError("suspended", _("This person is suspended already."))
        Suspension.objects.create(
            user=user, actor=actor, reason=reason, cancelled_bookings=cancel_bookings
        )
        sign_ins.end_all(user)
    user.is_active = False


def check_may_suspend(user: User, actor: User | None) -> None:
    """Raises AccountError: nobody suspends themselves, and only superusers suspend staff."""
    if actor is None:
        return
    if actor.pk == user.pk:
        raise AccountError("self", _("You can't suspend yourself."))
    if not actor.has_staff_powers:
        raise AccountError("not_allowed", _("Only staff can suspend or restore people."))
    if (user.is_staff or user.is_superuser) and not actor.is_superuser:
        raise AccountError("not_allowed", _("Only a superuser can suspend or restore staff."))


def restore(user: User, actor: User | None = None, *, reason: str = "") -> None:
    """Undo a suspension. Cancelled bookings stay cancelled."""
    if actor is not None:
        check_may_suspend(user, actor)
    with transaction.atomic():
        [locked] = User.objects.locked(user.pk)
        if locked.is_active:
            raise AccountError("not_suspended", _("This person is not suspended."))
        if locked.deleted_at:
            raise AccountError("deleted", _("This person has deleted their account."))
        locked.is_active = True
        locked.save(update_fields=["is_active"])
        Suspension.objects.open().filter(user=user).update(
            lifted_at=timezone.now(), lifted_by=actor, lift_reason=reason
        )
    user.is_active = True
