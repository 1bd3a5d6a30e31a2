"""Favourite people, as only their owner sees them."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Star, User


def is_starred(owner: User, person: User) -> bool:
    return Star.objects.filter(owner=owner.pk, person=person.pk).exists()


def favourites(owner: User, limit: int) -> list[User]:
    """Those whom the owner can book: active, no block between the two; latest first. One query."""
    apart = Block.objects.filter(
        Q(blocker=owner.pk, blocked=OuterRef("person"))
        | Q(blocker=OuterRef("person"), blocked=owner.pk)
    )
    stars = Star.objects.filter(~Exists(apart), owner=owner.pk, person__is_active=True)
    return [star.person for star in stars.select_related("person").order_by("-pk")[:limit]]
