"""The page of a TA's free times."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from scheduling.queries.free import ANY, Wanted
from scheduling.views.contexts.requests import ask_address
from scheduling.views.contexts.slots import Choice, WeekTimes, choices, start_day, times_of_ta
from topics.models import Topic
from topics.queries.topics import taught_by


@dataclass(frozen=True)
class TimesPage:
    """``times`` is None where a block stands between the two; ``topic``: the one they are for, if any.

    ``choices`` narrow them, and ``narrowed`` says that something does; ``ask``: where the viewer can
    ask for other times, "" for oneself.
    """

    ta: User
    topic: Topic | None
    topics: list[Topic]
    times: WeekTimes | None
    from_today: bool
    choices: list[list[Choice]]
    narrowed: bool
    starred: bool
    own: bool
    ask: str

    @classmethod
    def of(
        cls, viewer: User, ta: Any, topic: Topic | None, asked: Mapping[str, str]
    ) -> "TimesPage":
        """``ta``: as ``seen_by`` gives them. ``asked``: what the address asks for: ``from``, ``part``, ``place``."""
        day, wanted = start_day(asked.get("from")), Wanted.of(asked)
        which: dict[str, Any] = {"ta": ta.pk, "topic": topic.pk if topic else None}
        times = times_of_ta(viewer, day, **which, wanted=wanted)
        return cls(
            ta=ta,
            topic=topic,
            topics=taught_by(ta),
            times=None if ta.pk in times.apart else times,
            from_today=day == start_day(None),
            choices=choices(wanted),
            narrowed=wanted != ANY,
            starred=ta.starred,
            own=ta.pk == viewer.pk,
            ask=_ask(ta, topic, wanted, viewer),
        )

    @property
    def shown(self) -> dict[str, Any]:
        """For the template, with the times as they stand on other pages."""
        return {**vars(self), **(vars(self.times) if self.times else {}), "closed": not self.times}


def _ask(ta: User, topic: Topic | None, wanted: Wanted, viewer: User) -> str:
    gone = topic is not None and topic.is_archived
    return "" if gone or ta.pk == viewer.pk else ask_address(topic, ta.pk, part=wanted.part)
