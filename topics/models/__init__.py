"""Topics, and who teaches them."""

from topics.models.topics import (
    DESCRIPTION_MAX,
    NAME_KEY_MAX,
    NAME_MAX,
    Decision,
    Registration,
    Topic,
    TopicQuerySet,
)
