"""Favourite people."""

from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import Star, User
from accounts.queries.blocks import is_blocked
from accounts.queries.stars import is_starred
from setahub.core.db.having import have


def star(owner: User, person: User, wanted: bool | None = None) -> bool:
    """Make somebody a favourite, or no longer; None: the other of the two. Whether they are now."""
    if owner.pk == person.pk:
        raise AccountError("self", _("You can't be your own favourite."))
    if wanted is None:
        wanted = not is_starred(owner, person)
    if wanted and is_blocked(owner, person.pk):
        raise AccountError("blocked", _("You two can't make new bookings with each other."))
    have(Star, wanted, owner=owner, person=person)
    return wanted
