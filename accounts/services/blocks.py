"""Blocks between two people."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import Block, User
from accounts.signals import user_blocked


def block(blocker: User, blocked: User) -> None:
    """No further messages or bookings between the two, and none of them waits for the other.

    Blocking twice is blocking once.
    """
    if blocker.pk == blocked.pk:
        raise AccountError("self", _("You can't block yourself."))
    with transaction.atomic():
        # Who is just booking the other has been let through before, or will be refused.
        User.objects.locked(blocker.pk, blocked.pk)
        Block.objects.get_or_create(blocker=blocker, blocked=blocked)
        user_blocked.send(User, blocker=blocker, blocked=blocked)


def unblock(blocker: User, blocked: User) -> None:
    """Take back one's own block; the other's, if there is one, stays."""
    if blocker.pk == blocked.pk:
        raise AccountError("self", _("You can't block yourself."))
    Block.objects.filter(blocker=blocker, blocked=blocked).delete()
