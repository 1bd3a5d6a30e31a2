"""Free time counted: for each topic of a list, for each TA of a topic. Never a definition of its
own: all of it builds on ``TimeSlot.objects.free()``."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, F, Min, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from scheduling.models import Booking, TimeSlot
from scheduling.models.appointments import BOOKABLE, Bookable, TimeSlotQuerySet
from setahub.lib import when
from setahub.lib.compiled import Compiled, in_steps
from topics.models import Topic


@dataclass(frozen=True)
class FreeTime:
    """How many free slots there are, and when the soonest of them starts."""

    count: int
    next_at: datetime

    @property
    def key(self) -> tuple[Any, ...]:
        """What all that is shown of it follows from."""
        return self.count, self.next_at, when.today()

    @property
    def is_near(self) -> bool:
        """Today or tomorrow."""
        return when.local(self.next_at).date() <= when.today() + timedelta(days=1)

    @property
    def next_label(self) -> str:
        """``today 16:00``, ``tomorrow 09:30``, ``Fri 13:00`` within a week, ``Wed 2 Dec 13:00``."""
        day, clock = when.local(self.next_at).date(), when.clock(self.next_at)
        ahead = (day - when.today()).days
        if ahead == 0:
            return _("today %(time)s") % {"time": clock}
        if ahead == 1:
            return _("tomorrow %(time)s") % {"time": clock}
        return f"{date_format(day, 'D') if ahead < 7 else when.day_short(day)} {clock}"


def free_by_topic(
    topic_ids: Collection[int], bookable: Bookable | None = None
) -> dict[int, FreeTime]:
    """The free time of each of these topics; one without any is left out. One query."""
    if not topic_ids:
        return {}
    bookable = bookable or Bookable.at()
    return _as_dict(_by_topic(topics=in_steps(list(topic_ids)), **vars(bookable)))


def free_by_ta(topic_id: int, bookable: Bookable | None = None) -> dict[int, FreeTime]:
    """The free time for one topic of each of its TAs. One query."""
    return _as_dict(_by_ta(topic=topic_id, **vars(bookable or Bookable.at())))


def soonest_topics(limit: int, bookable: Bookable | None = None) -> list[tuple[Topic, FreeTime]]:
    """The topics that have free time soonest, in that order, with their TAs counted.

    Five queries at most; fewer where the next day or week alone fills the list.
    """
    bookable = bookable or Bookable.at()
    soon: list[int] = []
    # Where much is free, a day is enough, and counting all of a month would be dear.
    for days in (1, 7, None):
        if len(soon) < limit:
            until = bookable.until
            if days is not None:
                until = min(until, bookable.now + timedelta(days=days))
            soonest = _soonest(**vars(replace(bookable, until=until)))
            soon = list(_as_dict(soonest[:limit]))
    free = free_by_topic(soon, bookable)
    topics = {topic.pk: topic for topic in _topics(ids=in_steps(soon))} if soon else {}
    return [(topics[key], free[key]) for key in soon if key in topics and key in free]


def sessions_given(ta_ids: Collection[int], now: datetime | None = None) -> dict[int, int]:
    """How many bookings each of these TAs has completed; none is left out. One query."""
    given = Booking.objects.given(now or timezone.now()).filter(ta__in=ta_ids)
    return dict(given.order_by().values_list("ta").annotate(count=Count("pk")))


# --- Queries ------------------------------------------------------------------------------------


def _counted(slots: TimeSlotQuerySet, by: str) -> "QuerySet[TimeSlot, Any]":
    return (
        slots.order_by()
        .values_list(by)
        .annotate(count=Count("pk"), next_at=Min("starts_at"))
        .order_by("next_at", by)
    )


def _as_dict(rows: Iterable[tuple[int, int, datetime]]) -> dict[int, FreeTime]:
    return {key: FreeTime(count, next_at) for key, count, next_at in rows}


def _build_by_topic(topics: Any, **bookable: Any) -> "QuerySet[TimeSlot, Any]":
    which = Q(appointment__topics__id__in=topics)
    return _counted(TimeSlot.objects.free_each_topic(which, Bookable(**bookable)), "topic")


def _build_by_ta(topic: Any, **bookable: Any) -> "QuerySet[TimeSlot, Any]":
    slots = TimeSlot.objects.free(topic_id=topic, bookable=Bookable(**bookable))
    return _counted(slots.annotate(ta=F("appointment__ta")), "ta")


def _build_soonest(**bookable: Any) -> "QuerySet[TimeSlot, Any]":
    return _counted(TimeSlot.objects.free_each_topic(Q(), Bookable(**bookable)), "topic")


_by_topic = Compiled(_build_by_topic, topics=BigIntegerField(), **BOOKABLE)
_by_ta = Compiled(_build_by_ta, topic=BigIntegerField(), **BOOKABLE)
_topics = Compiled(
    lambda ids: Topic.objects.with_ta_count().filter(pk__in=ids), ids=BigIntegerField()
)
_soonest = Compiled(_build_soonest, **BOOKABLE)
