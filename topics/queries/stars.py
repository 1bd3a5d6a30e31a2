"""Favourite topics, as only their owner sees them."""

from django.db.models import QuerySet

from accounts.models import User
from setahub.core.db.prepared import prepared
from topics.models import Topic, TopicStar


def is_starred(owner: User, topic: Topic) -> bool:
    return TopicStar.objects.filter(owner=owner, topic=topic).exists()


def favourites(owner: User, limit: int) -> list[Topic]:
    """The listed ones, latest first. One query."""
    return [star.topic for star in _favourites(owner.pk)[:limit]]


@prepared
def _favourites(owner: int) -> "QuerySet[TopicStar]":
    stars = TopicStar.objects.filter(owner=owner, topic__archived_at__isnull=True)
    return stars.select_related("topic").order_by("-pk")
