"""Favourite people, as only their owner sees them."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Block, Star, User
from setahub.core.db.prepared import prepared


def is_starred(owner: User, person: User) -> bool:
    return Star.objects.filter(owner=owner, person=person).exists()


def seen_by(viewer: User, person_id: int) -> Any:
    """The active person with this id, with ``starred``: a favourite of the viewer's; None for nobody."""
    return _seen_by(person_id, viewer.pk).first()


@prepared
def _seen_by(person: int, viewer: int) -> "QuerySet[Any]":
    star = Star.objects.filter(owner=viewer, person=person)
    return User.objects.active().filter(pk=person).annotate(starred=Exists(star))


def favourites(owner: User, limit: int) -> list[User]:
    """Those whom the owner can book: active, no block between the two; latest first. One query."""
    return [star.person for star in _favourites(owner.pk)[:limit]]


@prepared
def _favourites(owner: int) -> "QuerySet[Star]":
    apart = Block.objects.between(owner, OuterRef("person"))
    stars = Star.objects.filter(~Exists(apart), owner=owner, person__is_active=True)
    return stars.select_related("person").order_by("-pk")
