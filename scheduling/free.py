"""Free time counted: for each topic of a list, for each TA of a topic. Never a definition of its
own: all of it builds on ``TimeSlot.objects.free()``."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from scheduling.models import Booking, TimeSlot
from scheduling.models.appointments import TimeSlotQuerySet
from setahub.lib import when
from setahub.lib.policy import policy
from topics.models import Topic


@dataclass(frozen=True)
class FreeTime:
    """How many free slots there are, and when the soonest of them starts."""

    count: int
    next_at: datetime

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


def free_by_topic(topic_ids: Collection[int], now: datetime | None = None) -> dict[int, FreeTime]:
    """The free time of each of these topics; one without any is left out. One query."""
    slots = TimeSlot.objects.free_each_topic(Q(appointment__topics__in=topic_ids), now)
    return _counted(slots, "topic")


def free_by_ta(
    topic_id: int, ta_ids: Collection[int] | None = None, now: datetime | None = None
) -> dict[int, FreeTime]:
    """The free time for one topic of each of its TAs (or of these). One query."""
    slots = TimeSlot.objects.free(topic_id=topic_id, now=now).annotate(ta=F("appointment__ta"))
    return _counted(slots if ta_ids is None else slots.filter(ta__in=ta_ids), "ta")


def soonest_topics(limit: int, now: datetime | None = None) -> list[tuple[Topic, FreeTime]]:
    """The topics that have free time soonest, in that order, with their TAs counted.

    Five queries at most; fewer where the next day or week alone fills the list.
    """
    now = now or timezone.now()
    soon: list[int] = []
    # Where much is free, a day is enough, and counting all of a month would be dear.
    for days in (1, 7, policy.horizon.days + 1):
        if len(soon) < limit:
            soonest = Q(starts_at__lt=now + timedelta(days=days))
            slots = TimeSlot.objects.free_each_topic(soonest, now)
            soon = list(_counted(slots, "topic", limit))
    free = free_by_topic(soon, now)
    topics = Topic.objects.with_ta_count().in_bulk(soon)
    return [(topics[key], free[key]) for key in soon if key in topics and key in free]


def sessions_given(ta_ids: Collection[int], now: datetime | None = None) -> dict[int, int]:
    """How many bookings each of these TAs has completed; none is left out. One query."""
    given = Booking.objects.given(now or timezone.now()).filter(ta__in=ta_ids)
    return dict(given.order_by().values_list("ta").annotate(count=Count("pk")))


def _counted(slots: TimeSlotQuerySet, by: str, limit: int | None = None) -> dict[int, FreeTime]:
    rows = (
        slots.order_by()
        .values(by)
        .annotate(count=Count("pk"), next_at=Min("starts_at"))
        .order_by("next_at", by)
    )
    return {row[by]: FreeTime(row["count"], row["next_at"]) for row in rows[:limit]}
