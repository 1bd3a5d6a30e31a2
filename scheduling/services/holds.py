"""How long an offered seat is held: minutes count by day only, so that nobody must answer at night."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from scheduling.models import TimeSlot
from setahub.core import clock
from setahub.policy.current import policy

DAY_BEGINS, DAY_ENDS = time(7), time(22)  # of the faculty's zone
SHARE = 4  # of the minutes that are left, one in so many
MOST = timedelta(minutes=120)
LEAST_LEFT = timedelta(minutes=30)  # with less, nothing is held


def closes_at(slot: TimeSlot) -> datetime:
    """The last moment at which the slot can be booked."""
    return slot.starts_at - policy.min_notice_at(slot.starts_at)


def hold_until(slot: TimeSlot, now: datetime) -> datetime | None:
    """Until when a seat that is offered ``now`` is held; None: too little time is left for that."""
    left = counted(now, closes_at(slot))
    return None if left < LEAST_LEFT else after(now, min(left / SHARE, MOST))


def counted(start: datetime, end: datetime) -> timedelta:
    """How much of the time between the two lies by day."""
    return sum((stop - begin for begin, stop in _days(start, end)), timedelta())


def after(start: datetime, amount: timedelta) -> datetime:
    """The moment at which so much time by day has passed since ``start``."""
    for begin, stop in _days(start, None):
        if begin + amount <= stop:
            return begin + amount
        amount -= stop - begin
    raise AssertionError("days go on")


def _days(start: datetime, end: datetime | None) -> Iterator[tuple[datetime, datetime]]:
    """What of each day lies between its beginning and its end, from ``start`` on."""
    day = clock.local(start).date()
    while end is None or clock.at(day, DAY_BEGINS) < end:
        begin, stop = max(start, clock.at(day, DAY_BEGINS)), clock.at(day, DAY_ENDS)
        stop = stop if end is None else min(stop, end)
        if begin < stop:
            yield begin, stop
        day += timedelta(days=1)
