"""Favourite topics."""

from django.utils.translation import gettext as _

from accounts.models import User
from setahub.core.db.having import have
from topics.errors import TopicError
from topics.models import Topic, TopicStar
from topics.queries.stars import is_starred


def star(owner: User, topic: Topic, wanted: bool | None = None) -> bool:
    """Make a topic a favourite, or no longer; None: the other of the two. Whether it is one now."""
    if wanted is None:
        wanted = not is_starred(owner, topic)
    if wanted and topic.is_archived:
        raise TopicError("archived", _("This topic is archived: it can't be a favourite."))
    have(TopicStar, wanted, owner=owner, topic=topic)
    return wanted
