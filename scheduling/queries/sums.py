"""A TA's hours: what counts, and how it is summed up. Pure functions of rows.

A slot counts once, however many students had a seat in it. What counts at all is decided by
``scheduling.queries.hours``.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from setahub.core import clock

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Seat:
    """A booking that counts: one seat of a slot. ``verified``: its student has checked in."""

    slot: int
    starts_at: datetime
    ends_at: datetime
    topic: str
    verified: bool

    @property
    def day(self) -> date:
        """The day of the faculty's on which it begins."""
        return clock.local(self.starts_at).date()


@dataclass(frozen=True)
class Sum:
    """How many slots, how many minutes they took, and of both how much is verified."""

    times: int = 0
    minutes: int = 0
    verified_times: int = 0
    verified_minutes: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(
            self.times + other.times,
            self.minutes + other.minutes,
            self.verified_times + other.verified_times,
            self.verified_minutes + other.verified_minutes,
        )


@dataclass(frozen=True)
class Hours:
    """``total``, and the same by topic: those with most time first. The topics add up to the total."""

    total: Sum
    topics: Sequence[tuple[str, Sum]]


def sum_up(seats: Iterable[Seat]) -> Hours:
    """A slot of several topics is counted with the one that most of its seats were for."""
    slots: dict[int, list[Seat]] = {}
    for seat in seats:
        slots.setdefault(seat.slot, []).append(seat)
    in_order = sorted(slots.values(), key=lambda seats: (seats[0].starts_at, seats[0].slot))
    topics: dict[str, Sum] = {}
    reached: datetime | None = None
    for each in in_order:
        start, end = each[0].starts_at, each[0].ends_at
        # Of a session that was called off and opened anew two slots can share time: it passed once.
        begin = start if reached is None else max(start, reached)
        minutes = max(end - begin, timedelta(0)) // MINUTE
        reached = end if reached is None else max(end, reached)
        verified = any(seat.verified for seat in each)
        one = Sum(1, minutes, int(verified), minutes if verified else 0)
        topic = _topic_of(each)
        topics[topic] = topics.get(topic, Sum()) + one
    by_time = sorted(topics.items(), key=lambda item: (-item[1].minutes, item[0]))
    return Hours(sum(topics.values(), Sum()), by_time)


def _topic_of(seats: Sequence[Seat]) -> str:
    """What most of them were for; of two alike the first by name."""
    counted = Counter(seat.topic for seat in seats)
    return min(counted, key=lambda topic: (-counted[topic], topic))


def within(seats: Iterable[Seat], first: date, last: date) -> list[Seat]:
    """Those that begin on one of the days, both included."""
    return [seat for seat in seats if first <= seat.day <= last]
