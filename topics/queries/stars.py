"""Favourite topics, as only their owner sees them."""

from accounts.models import User
from topics.models import Topic, TopicStar


def is_starred(owner: User, topic: Topic) -> bool:
    return TopicStar.objects.filter(owner=owner, topic=topic).exists()


def favourites(owner: User, limit: int) -> list[Topic]:
    """The listed ones, latest first. One query."""
    stars = TopicStar.objects.filter(owner=owner.pk, topic__archived_at__isnull=True)
    return [star.topic for star in stars.select_related("topic").order_by("-pk")[:limit]]
