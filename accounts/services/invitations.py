"""People whom staff invite: their account waits for them."""

from itertools import count

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts import tasks
from accounts.models import User
from accounts.validators import USERNAME_MAX
from setahub.core.keys import nfc
from setahub.core.work.tasks import later


def invite(email: str, name: str, *, student_id: str | None, year: int | None) -> User:
    """A new account that opens by the link in its email, or by the faculty's sign-in.

    ``name``: a valid one; a number is added where somebody else has it. Raises IntegrityError where
    email or student ID are taken by now.
    """
    with transaction.atomic():
        user = User.objects.create_user(
            free_name(name), email, student_id=student_id, year=year, invited_at=timezone.now()
        )
        EmailAddress.objects.create(user=user, email=user.email.lower(), primary=True)
        later(tasks.send_invitation, user.pk)
    return user


def free_name(name: str) -> str:
    """The name, or the first of ``name 2``, ``name 3``… that nobody has."""
    name = nfc(name)
    if not User.objects.named(name).exists():
        return name
    for number in count(2):
        tail = f" {number}"
        other = name[: USERNAME_MAX - len(tail)].rstrip() + tail
        if not User.objects.named(other).exists():
            return other
    raise AssertionError("numbers end")  # for the type checker


def accept(user: User) -> None:
    """They have been here, by the link that was sent to their address: it is proven."""
    EmailAddress.objects.filter(user=user, email=user.email.lower()).update(verified=True)
    user.invited_at = None
    user.save(update_fields=["invited_at"])
