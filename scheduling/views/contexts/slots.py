"""Free times as pages show them: by day, with the viewer's own obstacles, under a week strip."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.queries.free import free_from
from scheduling.queries.obstacles import Obstacle, Obstacles
from scheduling.services import rules
from setahub.core import clock
from setahub.policy.current import policy


@dataclass(frozen=True)
class Chip:
    """A free time, and what of the viewer's own stands before it."""

    slot: TimeSlot
    obstacle: Obstacle | None = None

    @property
    def is_limited(self) -> bool:
        return self.obstacle == Obstacle.LIMIT


def why_closed(obstacle: Obstacle) -> str:
    """Why the viewer can't book a time, in few words; "" where a limit alone forbids it."""
    return {
        Obstacle.OWN: _("yours"),
        Obstacle.BLOCKED: _("not open to you"),
        Obstacle.SEAT: _("booked by you"),
        Obstacle.CLASH: _("you are busy"),
        Obstacle.LIMIT: "",
    }[obstacle]


@dataclass(frozen=True)
class SlotGroup:
    """Times of one appointment, in order."""

    appointment: Appointment
    chips: Sequence[Chip]

    @property
    def ta(self) -> User:
        return self.appointment.ta


@dataclass(frozen=True)
class SlotDay:
    """The times of one day on the faculty's calendar."""

    day: date
    groups: Sequence[SlotGroup]


@dataclass(frozen=True)
class Times:
    """Free times by day, for one viewer, and the limits of theirs that are named above them."""

    days: list[SlotDay]
    limits: list[str]


@dataclass(frozen=True)
class StripDay:
    """A day of the week strip; ``free`` tells whether it has a free slot."""

    day: date
    free: bool
    past: bool
    current: bool


@dataclass(frozen=True)
class Strip:
    """A week to move through days: seven days and the weeks beside it, None where there is none."""

    days: Sequence[StripDay]
    earlier: date | None
    later: date | None
    month: date = field(default_factory=clock.today)


@dataclass(frozen=True)
class WeekTimes(Times):
    """Free times under their week."""

    strip: Strip


def chips(
    viewer: User, slots: Sequence[TimeSlot], *, moving: Booking | None = None
) -> tuple[list[Chip], list[str]]:
    """Free slots as chips, and the viewer's limits that some would pass, in words. Three queries.

    ``moving`` is left out of account.
    """
    obstacles = Obstacles.to(viewer, slots, moving=moving)
    marked = [Chip(slot, obstacles.of(slot)) for slot in slots]
    limits = {
        rules.too_many(obstacles.limits.week_of(chip.slot.starts_at)): None
        for chip in marked
        if chip.is_limited
    }
    return marked, list(limits)


def times(viewer: User, slots: Sequence[TimeSlot], *, moving: Booking | None = None) -> Times:
    """Free slots as this viewer sees them. Three queries."""
    marked, limits = chips(viewer, slots, moving=moving)
    return Times(by_day(marked), limits)


def by_day(chips: Iterable[Chip]) -> list[SlotDay]:
    """Times (with their appointment loaded, soonest first) grouped by day and appointment."""
    days = []
    for day, chips_of_day in groupby(
        chips, key=lambda chip: clock.local(chip.slot.starts_at).date()
    ):
        groups: dict[int, list[Chip]] = {}
        for chip in chips_of_day:
            groups.setdefault(chip.slot.appointment_id, []).append(chip)
        days.append(
            SlotDay(day, [SlotGroup(group[0].slot.appointment, group) for group in groups.values()])
        )
    return days


def open_days(slots: Iterable[TimeSlot]) -> list[SlotDay]:
    """Slots that the viewer can take, by day."""
    return by_day(map(Chip, slots))


def start_day(text: str | None) -> date:
    """The day to show slots from: ``?from=``, within today and the horizon; else today."""
    today = clock.today()
    day = clock.parse_date(text) or today
    return min(max(day, today), today + policy.horizon)


def times_of_ta(
    viewer: User,
    day: date,
    *,
    ta: int,
    topic: int | None = None,
    moving: Booking | None = None,
) -> WeekTimes:
    """Every free time of a TA from that day on. Two queries and those of ``chips``."""
    slots = free_from(max(clock.monday(day), clock.today()), ta=ta, topic=topic)
    on = [clock.local(slot.starts_at).date() for slot in slots]
    shown = [slot for slot, when in zip(slots, on, strict=True) if when >= day]
    listed = times(viewer, shown, moving=moving)
    return WeekTimes(listed.days, listed.limits, week_strip(day, set(on)))


def week_strip(current: date, free: Collection[date]) -> Strip:
    """The week around ``current`` with a mark on the days in ``free``."""
    first, today = clock.monday(current), clock.today()
    last = today + policy.horizon
    days = [
        StripDay(day, day in free, day < today, day == current)
        for day in (first + timedelta(days=offset) for offset in range(7))
    ]
    return Strip(
        days,
        earlier=max(first - timedelta(days=7), today) if first > today else None,
        later=first + timedelta(days=7) if first + timedelta(days=7) <= last else None,
        month=current,
    )
