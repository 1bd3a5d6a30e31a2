"""What people say about themselves, their picture, and what reaches them."""

from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import FirstSteps, MailKind, User
from setahub.core.storage import CANNOT_STORE, StorageAway, atomic_with_pictures, drop_on_commit
from setahub.core.web.forms import Values, merged


def update_profile(
    user: User,
    *,
    username: str,
    student_id: str | None,
    year: int | None,
    bio: str,
    public: bool | None = None,
    base: Values | None = None,
) -> User:
    """Change what somebody says about themselves. Raises AccountError beside a field.

    ``public``: whether a TA's own page is for everybody; None leaves it. ``base``: the values that
    the form was filled with. Raises ChangedMeanwhile.
    """
    typed: dict[str, Any] = {
        "username": username,
        "student_id": student_id or "",
        "year": year,
        "bio": bio,
    }
    if public is not None:
        typed["public"] = public
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        for name, value in merged(base, editable(user), typed).items():
            setattr(user, name, value)
        check_unique(user)
        try:
            with transaction.atomic():
                user.save(update_fields=list(typed))
        except IntegrityError as error:
            check_unique(user)  # somebody else was faster: with the name or with the student ID
            raise AccountError("raced", _("Please try again."), field="username") from error
    return user


def tell_year(user: User, year: int) -> None:
    """Somebody says which year of study they are in; the caller holds their lock."""
    user.year = year
    user.save(update_fields=["year"])


def editable(user: User) -> dict[str, Any]:
    """What the form of the profile is filled with."""
    return {
        "username": user.username,
        "student_id": user.student_id or "",
        "year": user.year,
        "bio": user.bio,
        "public": user.public,
    }


def check_unique(user: User) -> None:
    """Raises AccountError beside the field when the name or student ID is somebody else's.

    The name that the account has now stays its own, also where it reads like another's.
    """
    others = User.objects.exclude(pk=user.pk)
    renamed = not User.objects.filter(pk=user.pk, username=user.username).exists()
    if renamed and others.named(user.username).exists():
        raise AccountError("taken", _("This name is taken."), 422, "username")
    if user.student_id and others.filter(student_id=user.student_id).exists():
        text = _("An account with this student ID exists already.")
        raise AccountError("taken", text, 422, "student_id")


def set_avatar(user: User, picture: ContentFile | None) -> User:
    """Set a re-encoded picture, or none. The old file is deleted on commit.

    Raises AccountError when it can't be stored.
    """
    with atomic_with_pictures():
        [user] = User.objects.locked(user.pk)
        drop_on_commit(user.avatar)
        user.avatar = picture or ""
        try:
            user.save(update_fields=["avatar"])
        except StorageAway as error:
            raise AccountError("unavailable", CANNOT_STORE, field="avatar") from error
    return user


def choose_mail(user_id: int, wanted: Mapping[MailKind, bool]) -> None:
    """Switch kinds of email on or off; those that aren't named stay as they are."""
    if wanted:
        User.objects.filter(pk=user_id).update(**{kind.field: on for kind, on in wanted.items()})


def choose_push(user_id: int, wanted: Mapping[MailKind, bool]) -> None:
    """The same of pushes."""
    if wanted:
        changes = {kind.push_field: on for kind, on in wanted.items()}
        User.objects.filter(pk=user_id).update(**changes)


def renew_calendar(user: User) -> None:
    """Give the private calendar a new address; the old one ends."""
    user.calendar_nonce = get_random_string(32)
    user.save(update_fields=["calendar_nonce"])


def dismiss_first_steps(user: User, whose: FirstSteps) -> None:
    """Put the list of first steps away for good."""
    user.first_steps_dismissed = whose
    user.save(update_fields=["first_steps_dismissed"])
