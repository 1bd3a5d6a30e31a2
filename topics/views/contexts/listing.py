"""The list of topics."""

from dataclasses import dataclass

from scheduling.queries.free import FreeTime, free_by_topic
from setahub.core.web.paging import Page
from topics.models import Topic


@dataclass(frozen=True)
class TopicList:
    """What a search for ``q`` finds; ``tiles`` are topics with their free time."""

    q: str
    limit: int | None
    page: Page[Topic]
    tiles: list[tuple[Topic, FreeTime | None]]
    fragment: bool

    @classmethod
    def of(cls, q: str, limit: int | None, page: Page[Topic], *, fragment: bool) -> "TopicList":
        free = free_by_topic([topic.pk for topic in page.items])
        tiles = [(topic, free.get(topic.pk)) for topic in page.items]
        return cls(q, limit, page, tiles, fragment)
