"""The list of topics."""

from dataclasses import dataclass

from scheduling.queries.free import Counts, counts
from setahub.core.web.paging import Page
from topics.models import Topic


@dataclass(frozen=True)
class TopicList:
    """What a search for ``q`` finds; ``tiles`` are topics with what is counted of them."""

    q: str
    limit: int | None
    page: Page[Topic]
    tiles: list[tuple[Topic, Counts]]
    fragment: bool

    @classmethod
    def of(cls, q: str, limit: int | None, page: Page[Topic], *, fragment: bool) -> "TopicList":
        counted = counts()
        tiles = [(topic, counted.get(topic.pk, Counts())) for topic in page.items]
        return cls(q, limit, page, tiles, fragment)
