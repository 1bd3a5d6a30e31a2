"""Everything that changes people and the blocks between them."""

from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import Block, MailKind, Suspension, User
from accounts.services import sign_ins
from accounts.services.administrators import check_one_stays
from accounts.signals import user_suspended
from setahub.core.storage import CANNOT_STORE, StorageAway
from setahub.core.web.forms import Values, merged


def update_profile(
    user: User,
    *,
    username: str,
    student_id: str | None,
    year: int | None,
    bio: str,
    base: Values | None = None,
) -> User:
    """Change what somebody says about themselves. Raises AccountError beside a field.

    ``base``: the values that the form was filled with. Raises ChangedMeanwhile.
    """
    sent = {"username": username, "student_id": student_id or "", "year": year, "bio": bio}
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        for name, value in merged(base, editable(user), sent).items():
            setattr(user, name, value)
        check_unique(user)
        try:
            with transaction.atomic():
                user.save(update_fields=["username", "student_id", "year", "bio"])
        except IntegrityError as error:
            check_unique(user)  # somebody else was faster: with the name or with the student ID
            raise AccountError("raced", _("Please try again."), field="username") from error
    return user


def editable(user: User) -> dict[str, Any]:
    """What the form of the profile is filled with."""
    return {
        "username": user.username,
        "student_id": user.student_id or "",
        "year": user.year,
        "bio": user.bio,
    }


def check_unique(user: User) -> None:
    """Raises AccountError beside the field when the name or student ID is somebody else's.

    The name that the account has now stays its own, also where it reads like another's.
    """
    others = User.objects.exclude(pk=user.pk)
    renamed = not User.objects.filter(pk=user.pk, username=user.username).exists()
    if renamed and others.named(user.username).exists():
        raise AccountError("taken", _("This name is taken."), 422, "username")
    if user.student_id and others.with_student_id(user.student_id).exists():
        text = _("An account with this student ID exists already.")
        raise AccountError("taken", text, 422, "student_id")


def set_avatar(user: User, picture: ContentFile | None) -> User:
    """A new picture (re-encoded, under its random name), or none. The old file goes on commit.

    Raises AccountError when it can't be stored.
    """
    try:
        return _set_avatar(user, picture)
    except StorageAway as error:
        raise AccountError("unavailable", CANNOT_STORE, field="avatar") from error


def _set_avatar(user: User, picture: ContentFile | None) -> User:
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        old, storage = user.avatar.name, user.avatar.storage
        user.avatar = picture or ""
        user.save(update_fields=["avatar"])
        if old:
            transaction.on_commit(lambda: storage.delete(old), robust=True)
    return user


def choose_mail(user_id: int, wanted: Mapping[MailKind, bool]) -> None:
    """Switch kinds of email on or off; those that aren't named stay as they are."""
    if wanted:
        User.objects.filter(pk=user_id).update(**{kind.field: on for kind, on in wanted.items()})


def renew_calendar(user: User) -> None:
    """Give the private calendar a new address; the old one ends."""
    user.calendar_nonce = get_random_string(32)
    user.save(update_fields=["calendar_nonce"])


def block(blocker: User, blocked: User) -> None:
    """No further messages or bookings between the two. Blocking twice is blocking once."""
    if blocker.pk == blocked.pk:
        raise AccountError("self", _("You can't block yourself."))
    Block.objects.get_or_create(blocker=blocker, blocked=blocked)


def unblock(blocker: User, blocked: User) -> None:
    """Take back one's own block; the other's, if there is one, stays."""
    if blocker.pk == blocked.pk:
        raise AccountError("self", _("You can't block yourself."))
    Block.objects.filter(blocker=blocker, blocked=blocked).delete()


def suspend(user: User, *, actor: User | None, cancel_bookings: bool, reason: str = "") -> None:
    """Log the user out everywhere and hide their free time, at once. ``reason`` is kept.

    ``cancel_bookings``: also cancel the coming bookings, taken and given, with notice.
    """
    check_may_suspend(user, actor)
    with transaction.atomic():
        check_one_stays(user)
        # First, since whoever answers locks several people, always in the order of their ids.
        user_suspended.send(User, user=user, actor=actor, cancel_bookings=cancel_bookings)
        if not User.objects.active().filter(pk=user.pk).update(is_active=False):
            raise AccountError("suspended", _("This person is suspended already."))
        Suspension.objects.create(
            user=user, actor=actor, reason=reason, cancelled_bookings=cancel_bookings
        )
        sign_ins.end_all(user)
    user.is_active = False


def check_may_suspend(user: User, actor: User | None) -> None:
    """Nobody suspends themselves, and staff only a superuser."""
    if actor is None:
        return
    if actor.pk == user.pk:
        raise AccountError("self", _("You can't suspend yourself."))
    if not actor.has_staff_powers:
        raise AccountError("not_allowed", _("Only staff can suspend or restore people."))
    if (user.is_staff or user.is_superuser) and not actor.is_superuser:
        raise AccountError("not_allowed", _("Only a superuser can suspend or restore staff."))


def restore(user: User, *, actor: User | None = None, reason: str = "") -> None:
    """Undo a suspension. Cancelled bookings stay cancelled."""
    if actor is not None:
        check_may_suspend(user, actor)
    with transaction.atomic():
        [found] = User.objects.locked(user.pk)
        if found.is_active:
            raise AccountError("not_suspended", _("This person is not suspended."))
        if found.deleted_at:
            raise AccountError("deleted", _("This person has deleted their account."))
        found.is_active = True
        found.save(update_fields=["is_active"])
        Suspension.objects.open().filter(user=user).update(
            lifted_at=timezone.now(), lifted_by=actor, lift_reason=reason
        )
    user.is_active = True
