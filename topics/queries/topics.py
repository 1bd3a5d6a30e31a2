"""Topics: the tiles of the list, and which of them somebody teaches."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from setahub.core.db.prepared import PreparedQuery, padded, prepared
from topics.models import Registration, Topic, TopicStar


def listed(query: str) -> "PreparedQuery[Topic] | QuerySet[Topic]":
    """The topics that a search finds, or all, with what their tiles show."""
    return Topic.objects.tiles().search(query) if query else tiles()


@prepared
def tiles() -> "QuerySet[Topic]":
    """All listed topics with what their tiles show."""
    return Topic.objects.tiles()


def listed_ids(query: str) -> list[int]:
    """The ids of what ``listed`` gives, in its order."""
    return list(Topic.objects.tiles().search(query).values_list("pk", flat=True))


def named(query: str) -> set[int]:
    """The ids of the listed topics that a search finds."""
    return set(Topic.objects.listed().search(query).values_list("pk", flat=True))


def find(handle: str) -> Topic | None:
    """The topic with this id or slug."""
    if handle.isascii() and handle.isdigit() and len(handle) < 19:
        return _found(int(handle), handle).first()
    # PostgreSQL refuses to even look for a NUL.
    can_be_slug = handle.isascii() and handle.isprintable()
    return _found(None, handle).first() if can_be_slug else None


@prepared
def _found(topic: int | None, slug: str) -> "QuerySet[Topic]":
    named = Q(slug=slug)
    return Topic.objects.filter(named if topic is None else named | Q(pk=topic)).order_by("pk")


def with_ids(ids: Sequence[int]) -> dict[int, Topic]:
    """Those topics, by their ids. One query."""
    return {topic.pk: topic for topic in _with_ids(padded(ids))}


@prepared
def _with_ids(ids: tuple[int, ...]) -> "QuerySet[Topic]":
    return Topic.objects.filter(pk__in=ids)


def with_slug(slug: str) -> Topic | None:
    """The topic at this address, archived or not."""
    return _with_slug(slug).first()


@prepared
def _with_slug(slug: str) -> "QuerySet[Topic]":
    return Topic.objects.filter(slug=slug)


def seen_by(user: User, slug: str) -> Topic | None:
    """The same, with what the user has of it: ``own_registration`` and ``is_starred``. One query."""
    return _seen_by(user.pk, slug).first()


@prepared
def _seen_by(user: int, slug: str) -> "QuerySet[Topic]":
    own = Registration.objects.filter(user=user, topic=OuterRef("pk")).values("status")
    star = TopicStar.objects.filter(owner=user, topic=OuterRef("pk"))
    return Topic.objects.filter(slug=slug).annotate(  # type: ignore[no-redef]
        own_registration=Coalesce(Subquery(own), Value("")), is_starred=Exists(star)
    )


def listed_of(creator: User, name: str) -> Topic | None:
    """The listed topic of this creator that has the name."""
    return Topic.objects.listed().filter(creator=creator).named_like(Topic(name=name))


def is_ta(user: User) -> bool:
    """Whether the user may open time: an approved registration for a listed topic."""
    return _taught_by(user.pk).first() is not None


def taught_by(user: User) -> list[Topic]:
    """The listed topics that the user may open time for, by name."""
    return list(_taught_by(user.pk))


@prepared
def _taught_by(user: int) -> "QuerySet[Topic]":
    return Topic.objects.taught_by(user).order_by("sort_key")
