"""Favourite topics, as only their owner sees them."""

from django.db.models import QuerySet

from accounts.models import User
from setahub.core.db.prepared import prepared
from topics.models import Topic, TopicStar


def is_starred(owner: User, topic: Topic) -> bool:
    return _star(owner.pk, topic.pk).first() is not None


@prepared
def _star(owner: int, topic: int) -> "QuerySet[TopicStar]":
    return TopicStar.objects.filter(owner=owner, topic=topic)


def favourites(owner: User, limit: int) -> list[Topic]:
    """The listed ones, latest first. One query."""
    stars = TopicStar.objects.filter(owner=owner.pk, topic__archived_at__isnull=True)
    return [star.topic for star in stars.select_related("topic").order_by("-pk")[:limit]]
