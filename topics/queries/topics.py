"""Topics: the tiles of the list, and which of them somebody teaches."""

from django.db.models import QuerySet

from accounts.models import User
from setahub.core.db.prepared import PreparedQuery, prepared
from topics.models import Registration, Topic


def listed(query: str) -> "PreparedQuery[Topic] | QuerySet[Topic]":
    """The topics that a search finds, or all, with what their tiles show."""
    return Topic.objects.tiles().search(query) if query else tiles()


@prepared
def tiles() -> "QuerySet[Topic]":
    """All listed topics with what their tiles show."""
    return Topic.objects.tiles()


def is_registered(user: User) -> bool:
    """Whether the user offers to teach anything, approved or not."""
    return Registration.objects.filter(user=user.pk).exists()


def is_ta(user: User) -> bool:
    """Whether the user may open time: an approved registration for a listed topic."""
    return _taught_by(user.pk).first() is not None


def taught_by(user: User) -> list[Topic]:
    """The listed topics that the user may open time for, by name."""
    return list(_taught_by(user.pk))


@prepared
def _taught_by(user: int) -> "QuerySet[Topic]":
    return Topic.objects.taught_by(user).order_by("name_key")
