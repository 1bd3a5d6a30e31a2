"""Topics, and who teaches them."""

from topics.models.keywords import KEYWORD_MAX, KEYWORDS, joined, keywords_of
from topics.models.roster import Roster
from topics.models.stars import TopicStar
from topics.models.topics import (
    DESCRIPTION_MAX,
    NAME_KEY_MAX,
    NAME_MAX,
    Decision,
    Registration,
    Topic,
    TopicQuerySet,
)
