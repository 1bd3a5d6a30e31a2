"""The list of topics: all, those that a search finds, those that have the time that is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from accounts.models import User
from scheduling.queries.free import ANY, Counts, FreeTime, Wanted, counts, counts_of
from scheduling.views.contexts.requests import ask_address
from scheduling.views.contexts.slots import Choice, asked_day, choices, day_choices
from setahub.core import clock
from setahub.core.text import trimmed
from setahub.core.web.paging import PER_PAGE, Page, paginate, whole
from topics.models import Topic
from topics.queries.registrations import tas_named
from topics.queries.topics import listed, listed_ids

PER_PAGE_MAX = 60
PEOPLE = 6

Tile = tuple[Topic, Counts]
Free = Mapping[int, FreeTime]


@dataclass(frozen=True)
class TopicsPage:
    """``tiles``: topics, each with its TAs and its free time counted, or what is wanted of it.

    ``people``: TAs whose name the search finds. ``days`` and ``choices``: chips that narrow;
    ``chosen``: those that do, and ``kept``: as the links into a topic carry them on.
    ``empty_day``: the day that was asked for, if all that is found is later; ``refusal``: why the
    one that was typed can't be meant.
    """

    q: str
    limit: int | None
    page: Page[Any]
    tiles: Sequence[Tile]
    people: Sequence[User]
    days: Sequence[Sequence[Choice]]
    choices: Sequence[Sequence[Choice]]
    chosen: Mapping[str, str]
    kept: str
    ask: str
    empty_day: date | None
    refusal: str

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "TopicsPage":
        """``asked``: what the address asks for: ``q``, ``part``, ``place``, ``from``, ``page``, ``limit``."""
        query = trimmed(asked.get("q", "").replace("\0", ""))
        limit = whole(asked.get("limit"), PER_PAGE, low=1, high=PER_PAGE_MAX)
        wanted, day = Wanted.of(asked), asked_day(asked.get("from"))
        if day or wanted != ANY:
            free = counts_of(wanted, day or clock.today())
            found = _having(query, free, day)
            page: Page[Any] = paginate(found, asked.get("page"), limit)
            tiles = _tiles_of(page, free)
            is_later = bool(found and day and _is_later(free[found[0]], day))
        else:
            page, is_later = paginate(listed(query), asked.get("page"), limit), False
            counted = counts()
            tiles = [(topic, counted.get(topic.pk, Counts())) for topic in page.items]
        typed = clock.read_date(asked.get("from"))
        given = {"part": wanted.part, "place": wanted.place, "from": day.isoformat() if day else ""}
        chosen = {name: value for name, value in given.items() if value}
        return cls(
            q=query,
            limit=limit if limit != PER_PAGE else None,
            page=page,
            tiles=tiles,
            people=tas_named(query, PEOPLE) if query and not page.has_previous else [],
            days=[day_choices(day)],
            choices=choices(wanted),
            chosen=chosen,
            kept=f"?{urlencode(chosen)}" if chosen else "",
            ask=ask_address(part=wanted.part, day=given["from"]),
            empty_day=day if is_later else None,
            refusal=clock.year_refusal(typed) if typed else "",
        )


def _having(query: str, free: Free, day: date | None) -> list[int]:
    """The ids of the topics that have some of this free time: those of the day first.

    Then those that the search finds better, or without one, those that have it sooner.
    """
    found = [pk for pk in listed_ids(query) if pk in free] if query else list(free)
    if day is None:
        return found
    return sorted(found, key=lambda pk: _is_later(free[pk], day))


def _is_later(free: FreeTime, day: date) -> bool:
    return clock.local(free.next_at).date() > day


def _tiles_of(page: Page[int], free: Free) -> list[Tile]:
    topics, counted = Topic.objects.in_bulk(page.items), counts()
    return [
        (topics[pk], Counts(counted.get(pk, Counts()).tas, free[pk]))
        for pk in page.items
        if pk in topics
    ]
