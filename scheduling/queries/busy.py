"""When people are busy, as calendars of their own say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from scheduling.models import BusyCalendar, BusyTime, TimeSlot
from setahub.core.db.prepared import prepared


@dataclass(frozen=True)
class Busy:
    """``calendar``: what its owner calls the calendar that says so."""

    starts_at: datetime
    ends_at: datetime
    calendar: str


def calendars_of(user: User) -> Sequence[BusyCalendar]:
    """In the order in which they were named."""
    return list(BusyCalendar.objects.filter(user=user).order_by("pk"))


def busy_between(user_id: int, start: datetime, end: datetime) -> list[Busy]:
    """When this person is busy in that span, soonest first. One query."""
    return [Busy(*row) for row in _busy(user_id, start, end)]


@prepared
def _busy(user: int, start: datetime, end: datetime) -> "QuerySet[BusyTime, Any]":
    rows = BusyTime.objects.of(user).overlapping(start, end).order_by("starts_at")
    return rows.values_list("starts_at", "ends_at", "calendar__name")


def busy_during(user_id: int, slots: Sequence[TimeSlot]) -> list[Busy]:
    """When this person is busy while any of these lasts. One query; none without slots."""
    if not slots:
        return []
    start, end = min(each.starts_at for each in slots), max(each.ends_at for each in slots)
    return busy_between(user_id, start, end)


def is_busy(times: Sequence[Busy], start: datetime, end: datetime) -> bool:
    """Whether any of these overlaps that stretch."""
    return any(each.starts_at < end and each.ends_at > start for each in times)
