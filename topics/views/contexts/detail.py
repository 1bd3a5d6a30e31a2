"""The page of a topic: its free times, and who teaches it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import User
from chat.queries import reach
from scheduling.models import HelpRequest
from scheduling.queries.free import (
    ANY,
    FreeTime,
    Wanted,
    counts_of_topic,
    enough_by,
    free_days,
    free_from,
)
from scheduling.queries.requests import shared_on
from scheduling.views.contexts.requests import ask_address
from scheduling.views.contexts.slots import (
    Choice,
    SlotDay,
    Strip,
    choices,
    start_day,
    strip,
    strip_start,
    times,
)
from setahub.core.web.paging import whole
from setahub.core.web.refusals import Refusal
from topics import services
from topics.models import Topic
from topics.queries.registrations import tas_of

SLOTS_SHOWN = 40
TAS_SHOWN = 12
TAS_MAX = 1000
TAS_TO_CHOOSE = 8
SHARED_SHOWN = 3
SHARED_MAX = 60
LARGEST_ID = 10**9

Person = tuple[User, FreeTime | None, int, bool]


@dataclass(frozen=True)
class TopicPage:
    """``mine`` is the status of the viewer's registration, ""; ``cannot_teach``: why they can't have one.

    ``choices`` narrow the free times; ``narrowed`` says that something does.

    ``tas`` are those who have free time first, since that is who can help: each with that time,
    the number of sessions given, and whether the viewer may write to them. ``next`` is the soonest
    free time of all. ``shared`` are requests of others that the viewer may join; ``ask`` is where
    to ask for time oneself.
    """

    topic: Topic
    error: Refusal | None
    mine: str
    may_change: bool
    starred: bool
    cannot_teach: str
    day: date
    from_today: bool
    days: list[SlotDay]
    limits: list[str]
    more_slots: bool
    strip: Strip
    choices: list[list[Choice]]
    narrowed: bool
    tas: list[Person]
    more_tas: bool
    next: FreeTime | None
    ask: str
    shared: list[HelpRequest]
    more_shared: bool

    @classmethod
    def of(
        cls, viewer: User, topic: Topic, error: Refusal | None, asked: Mapping[str, str]
    ) -> "TopicPage":
        """``topic``: as ``seen_by`` gives it. ``asked``: what the address asks for: ``from``, ``part``, ``place``, ``ta``, ``tas``, ``requests``."""
        day, wanted = start_day(asked.get("from")), Wanted.of(asked)
        ta = whole(asked.get("ta"), 0, low=0, high=LARGEST_ID)
        free, given, days = counts_of_topic(topic.pk)
        many = TAS_MAX if asked.get("tas") == "all" else TAS_SHOWN
        tas, more_tas = tas_of(topic, _chosen_first(ta, free), many)
        chosen = ta if ta in {each.pk for each in tas} else None
        narrowed = wanted != ANY or chosen is not None
        # The soonest free slots of any TA, or of the chosen one, from that day on.
        limit = SLOTS_SHOWN + 1
        by = None if narrowed else enough_by(days, day, limit)
        slots = free_from(day, topic=topic.pk, ta=chosen, wanted=wanted, limit=limit, by=by)
        shown = times(viewer, slots[:SLOTS_SHOWN])
        writable = reach.writable(viewer, tas, shown.apart)
        most = SHARED_MAX if asked.get("requests") == "all" else SHARED_SHOWN
        shared = list(shared_on(topic, viewer.pk)[: most + 1])
        return cls(
            topic=topic,
            error=error,
            mine=topic.own_registration,
            may_change=services.may_change(topic, viewer),
            starred=topic.is_starred,
            cannot_teach=services.year_refusal(viewer),
            day=day,
            from_today=day == start_day(None),
            days=shown.days,
            limits=shown.limits,
            more_slots=len(slots) > SLOTS_SHOWN,
            strip=strip(day, days if not narrowed else _free_days(topic, day, chosen, wanted)),
            choices=choices(wanted, _to_choose(tas, free, chosen), chosen),
            narrowed=narrowed,
            tas=[(ta, free.get(ta.pk), given.get(ta.pk, 0), ta.pk in writable) for ta in tas],
            more_tas=more_tas,
            next=next(iter(free.values()), None),
            ask=ask_address(
                topic, chosen, wanted.part, day.isoformat() if asked.get("from") else ""
            ),
            shared=shared[:most],
            more_shared=len(shared) > most and most == SHARED_SHOWN,
        )

    @property
    def misses_time(self) -> bool:
        """Whether the viewer looked for any free time and there was none."""
        for_any = self.from_today and not self.narrowed
        return for_any and not self.mine and not self.topic.is_archived and not self.days


def _chosen_first(ta: int, free: Mapping[int, FreeTime]) -> list[int]:
    """Those who have free time, after the one who was asked for, who may have none."""
    others = [each for each in free if each != ta]
    return [ta, *others] if ta else others


def _to_choose(tas: list[User], free: Mapping[int, FreeTime], chosen: int | None) -> list[User]:
    """The first TAs with free time, where there is a choice, and the chosen one."""
    found = [each for each in tas if each.pk in free or each.pk == chosen][:TAS_TO_CHOOSE]
    return found if len(found) > 1 or chosen else []


def _free_days(topic: Topic, day: date, ta: int | None, wanted: Wanted) -> Collection[date]:
    """Those of the strip's seven days that have what is wanted."""
    first = strip_start(day)
    return free_days(first, first + timedelta(days=6), topic=topic.pk, ta=ta, wanted=wanted)
