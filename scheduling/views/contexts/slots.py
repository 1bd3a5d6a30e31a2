"""Free times as pages show them: by day, with the viewer's own obstacles, under a week strip."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from django.db.models import TextChoices
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.models import Appointment, Booking, Part, Place, TimeSlot
from scheduling.queries.busy import Busy, is_busy
from scheduling.queries.free import ANY, Wanted, free_from
from scheduling.queries.obstacles import Obstacle, Obstacles
from scheduling.services import rules
from setahub.core import clock
from setahub.policy.current import policy

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Chip:
    """A free time, and what of the viewer's own stands before it."""

    slot: TimeSlot
    obstacle: Obstacle | None = None
    busy: bool = False  # by a calendar of one's own, which hinders nothing

    @property
    def is_limited(self) -> bool:
        return self.obstacle in rules.LIMITS


def why_closed(obstacle: Obstacle) -> str:
    """Why the viewer can't book a time, in few words; "" where a limit alone forbids it."""
    return {
        Obstacle.OWN: _("yours"),
        Obstacle.BLOCKED: _("not open to you"),
        Obstacle.SEAT: _("booked by you"),
        Obstacle.CLASH: _("you are busy"),
        Obstacle.LIMIT: "",
        Obstacle.ONE_AT_A_TIME: "",
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
    """Free times by day, for one viewer, and the limits of theirs that are named above them.

    ``apart``: ids of those whom a block parts from the viewer.
    """

    days: list[SlotDay]
    limits: list[str]
    apart: frozenset[int]


@dataclass(frozen=True)
class StripDay:
    """A day of the strip; ``free``: it has a free slot; ``beyond``: it is past the horizon."""

    day: date
    free: bool
    beyond: bool
    current: bool


@dataclass(frozen=True)
class Strip:
    """Seven days to move through, counted from today; the seven before and after, or None."""

    days: Sequence[StripDay]
    earlier: date | None
    later: date | None
    month: date = field(default_factory=clock.today)


@dataclass(frozen=True)
class WeekTimes(Times):
    """Free times under their seven days."""

    strip: Strip


@dataclass(frozen=True)
class Choice:
    """A chip that narrows the times shown: the address's ``name`` with ``value``, if not chosen."""

    name: str
    value: str
    label: str
    chosen: bool


def choices(wanted: Wanted, tas: Iterable[User] = (), ta: int | None = None) -> list[list[Choice]]:
    """The chips that narrow times, in groups: parts of the day, places, and these TAs."""
    parts, places = (
        [
            Choice(name, value, label, value == chosen)
            for value, label in _labels(name, get_language())
        ]
        for name, chosen in (("part", wanted.part), ("place", wanted.place))
    )
    people = [Choice("ta", str(each.pk), each.username, each.pk == ta) for each in tas]
    return [parts, places, people] if people else [parts, places]


@lru_cache(maxsize=16)
def _labels(name: str, language: str | None) -> tuple[tuple[str, str], ...]:
    """What one may narrow by: values, and how they are called in the language that is active."""
    kind: type[TextChoices] = Part if name == "part" else Place
    return tuple((each.value, str(each.label)) for each in kind)


def day_choices(asked: date | None) -> list[Choice]:
    """The chips of the seven days from today on, and of the one that is asked for."""
    today = clock.today()
    days = {today + timedelta(days=ahead) for ahead in range(7)} | ({asked} if asked else set())
    return [
        Choice("from", day.isoformat(), _day_of_chip(day, today, get_language()), day == asked)
        for day in sorted(days)
    ]


@lru_cache(maxsize=64)
def _day_of_chip(day: date, today: date, language: str | None) -> str:
    """``Today``, ``Tomorrow``, ``Sun 29``; further ahead with its month; in the active language."""
    ahead = (day - today).days
    return clock.day_name(day, today) if not 2 <= ahead < 7 else clock.written_day(day, "D j")


def chips(slots: Sequence[TimeSlot], obstacles: Obstacles) -> tuple[list[Chip], list[str]]:
    """Free slots as chips, and the viewer's limits that some would pass, in words."""
    marked = [Chip(slot, obstacles.of(slot), obstacles.is_busy(slot)) for slot in slots]
    limits = {
        rules.limit_in_words(chip.obstacle, chip.slot, obstacles.limits): None
        for chip in marked
        if chip.obstacle is not None and chip.is_limited
    }
    return marked, list(limits)


def times(viewer: User, slots: Sequence[TimeSlot], *, moving: Booking | None = None) -> Times:
    """Free slots as this viewer sees them; ``moving`` is left out of account. One query."""
    obstacles = Obstacles.to(viewer, slots, moving=moving)
    marked, limits = chips(slots, obstacles)
    return Times(by_day(marked), limits, obstacles.blocked)


def by_day(chips: Iterable[Chip]) -> list[SlotDay]:
    """Times (with their appointment loaded, soonest first) grouped by day and appointment."""
    listed = list(chips)
    days: dict[date, dict[int, list[Chip]]] = {}
    on = clock.days_of(chip.slot.starts_at for chip in listed)
    for chip, day in zip(listed, on, strict=True):
        days.setdefault(day, {}).setdefault(chip.slot.appointment_id, []).append(chip)
    return [
        SlotDay(day, [SlotGroup(group[0].slot.appointment, group) for group in groups.values()])
        for day, groups in days.items()
    ]


def seen_days(slots: Sequence[TimeSlot], obstacles: Obstacles) -> list[SlotDay]:
    """Slots by day, as the one sees them whose obstacles these are."""
    return by_day(chips(slots, obstacles)[0])


def open_days(slots: Iterable[TimeSlot], busy: Sequence[Busy] = ()) -> list[SlotDay]:
    """Slots that the viewer can take, by day; ``busy``: when calendars of theirs say so."""
    return by_day(Chip(slot, busy=is_busy(busy, slot.starts_at, slot.ends_at)) for slot in slots)


def asked_day(text: str | None) -> date | None:
    """The day of ``?from=``, within today and the horizon; None where none is asked for."""
    day, today = clock.parse_date(text), clock.today()
    return day and min(max(day, today), today + policy.horizon)


def start_day(text: str | None) -> date:
    """The day to show slots from: the one that is asked for; else today."""
    return asked_day(text) or clock.today()


def times_of_ta(
    viewer: User,
    day: date,
    *,
    ta: int,
    topic: int | None = None,
    wanted: Wanted = ANY,
    moving: Booking | None = None,
) -> WeekTimes:
    """Every free time of a TA from that day on. Three queries."""
    slots = free_from(strip_start(day), ta=ta, topic=topic, wanted=wanted)
    on = clock.days_of(slot.starts_at for slot in slots)
    shown = [slot for slot, when in zip(slots, on, strict=True) if when >= day]
    listed = times(viewer, shown, moving=moving)
    return WeekTimes(listed.days, listed.limits, listed.apart, strip(day, set(on)))


def strip_start(day: date) -> date:
    """The first of the seven days, counted from today, that ``day`` is shown among."""
    today = clock.today()
    return today + (day - today) // WEEK * WEEK


def strip(current: date, free: Collection[date]) -> Strip:
    """The seven days that ``current`` is one of, with a mark on those in ``free``."""
    first, today = strip_start(current), clock.today()
    last = today + policy.horizon
    days = [
        StripDay(day, day in free, day > last, day == current)
        for day in (first + timedelta(days=offset) for offset in range(7))
    ]
    return Strip(
        days,
        earlier=first - WEEK if first > today else None,
        later=first + WEEK if first + WEEK <= last else None,
        month=current,
    )
