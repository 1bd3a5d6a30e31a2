"""The page of a topic: its free times, and who teaches it."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import User
from chat.queries import reach
from scheduling.queries.free import FreeTime, counts_by_ta, free_days, free_from
from scheduling.views.contexts.slots import SlotDay, Strip, start_day, times, week_strip
from setahub.core import clock
from setahub.core.web.refusals import Refusal
from topics import services
from topics.models import Registration, Topic
from topics.queries.registrations import registration_of, tas_of

SLOTS_SHOWN = 60
TAS_SHOWN = 24
TAS_MAX = 1000


@dataclass(frozen=True)
class TopicPage:
    """``mine`` is the viewer's registration; ``cannot_teach`` says why they can't have one.

    ``tas`` are those who have free time first, since that is who can help: each with that time,
    the number of sessions given, and whether the viewer may write to them. ``next`` is the soonest
    free time of all.
    """

    topic: Topic
    error: Refusal | None
    mine: Registration | None
    may_change: bool
    cannot_teach: str
    day: date
    from_today: bool
    days: list[SlotDay]
    limits: list[str]
    more_slots: bool
    strip: Strip
    tas: list[tuple[User, FreeTime | None, int, bool]]
    more_tas: bool
    next: FreeTime | None

    @classmethod
    def of(
        cls, viewer: User, topic: Topic, error: Refusal | None, *, since: str | None, all_tas: bool
    ) -> "TopicPage":
        """``since``: the day that free times are shown from, as it was asked for."""
        day, limit = start_day(since), TAS_MAX if all_tas else TAS_SHOWN
        # The soonest free slots of any TA from that day on.
        slots = free_from(day, topic=topic.pk, limit=SLOTS_SHOWN + 1)
        shown = times(viewer, slots[:SLOTS_SHOWN])
        free, given = counts_by_ta(topic.pk)
        tas, more_tas = tas_of(topic, list(free), limit)
        writable = reach.writable(viewer, tas)
        return cls(
            topic=topic,
            error=error,
            mine=registration_of(viewer, topic),
            may_change=services.may_change(topic, viewer),
            cannot_teach=services.year_refusal(viewer),
            day=day,
            from_today=day == start_day(None),
            days=shown.days,
            limits=shown.limits,
            more_slots=len(slots) > SLOTS_SHOWN,
            strip=_strip(topic, day),
            tas=[(ta, free.get(ta.pk), given.get(ta.pk, 0), ta.pk in writable) for ta in tas],
            more_tas=more_tas,
            next=next(iter(free.values()), None),
        )

    @property
    def misses_time(self) -> bool:
        """Whether the viewer looked for any free time and there was none."""
        looked = self.from_today and not self.mine and not self.topic.is_archived
        return looked and not self.days


def _strip(topic: Topic, day: date) -> Strip:
    monday = clock.monday(day)
    return week_strip(day, free_days(monday, monday + timedelta(days=6), topic=topic.pk))
