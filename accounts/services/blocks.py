"""Blocks between two people."""

from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import Block, User


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
