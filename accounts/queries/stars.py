"""Favourite people, as only their owner sees them."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Block, Star, User
from setahub.core.db.prepared import prepared


def is_starred(owner: User, person: User) -> bool:
    return _star(owner.pk, person.pk).first() is not None


@prepared
def _star(owner: int, person: int) -> "QuerySet[Star]":
    return Star.objects.filter(owner=owner, person=person)


def favourites(owner: User, limit: int) -> list[User]:
    """Those whom the owner can book: active, no block between the two; latest first. One query."""
    return [star.person for star in _favourites(owner.pk)[:limit]]


@prepared
def _favourites(owner: int) -> "QuerySet[Star]":
    person = OuterRef("person")
    apart = Block.objects.filter(
        Q(blocker=owner, blocked=person) | Q(blocker=person, blocked=owner)
    )
    stars = Star.objects.filter(~Exists(apart), owner=owner, person__is_active=True)
    return stars.select_related("person").order_by("-pk")
