"""One's own week as it is drawn: for each day what there is and the stretches between, in order.

Whatever stands in a day is as tall as it lasts, so that what is drawn one below the other lies where
it belongs on the clock. Should two things of one person ever overlap, the second is drawn below.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chat.queries import reach
from scheduling.models import Appointment, Booking, Offer, TimeSlot
from scheduling.models.appointments import is_at_hand
from scheduling.queries.busy import Busy
from scheduling.queries.week import Week
from setahub.core import clock
from setahub.policy.current import policy
from topics.queries.topics import is_ta

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
HOUR, STEP = 60, 5  # minutes; all times of sessions lie on the step
MORNING, EVENING = 8, 18  # the hours that are always drawn
AFTERNOON = 13 * HOUR
FIRST = date(clock.FIRST_YEAR, 1, 1)
LAST = date(clock.LAST_YEAR, 12, 31)


def on_clock(minutes: int) -> str:
    """``13:30`` of minutes since midnight; the end of the day is ``00:00``."""
    return f"{minutes // HOUR % 24:02}:{minutes % HOUR:02}"


@dataclass(frozen=True)
class Block:
    """Something in a day: what one learns (``booking``), teaches (``bookings``), is offered, or a
    free slot, of which ``left`` seats are free and ``held`` ones offered to who waits.

    ``begin`` and ``minutes`` are of the faculty's clock, since midnight; ``now``: how far into it
    the present is, or None. ``writable``: ids of those one may write to.
    """

    kind: str
    starts_at: datetime
    ends_at: datetime
    appointment: Appointment
    slot_id: int
    bookings: Sequence[Booking] = ()
    left: int = 0
    held: int = 0
    offer: Offer | None = None
    is_free: bool = False
    is_over: bool = False
    writable: Collection[int] = ()
    begin: int = 0
    minutes: int = 0
    now: int | None = None

    is_block = True

    @property
    def booking(self) -> Booking | None:
        """The only one, of which the block tells all."""
        return self.bookings[0] if len(self.bookings) == 1 else None

    @property
    def url(self) -> str:
        return (self.offer or self.booking or self.appointment).get_absolute_url()

    @property
    def person(self) -> User | None:
        """The other one, where that is one."""
        booking = self.booking
        if booking is None:
            return None
        return booking.ta if self.kind == "learn" else booking.student

    @property
    def may_write(self) -> bool:
        return self.person is not None and self.person.pk in self.writable

    @property
    def shows_way_in(self) -> bool:
        if self.offer is not None:
            return False
        if self.booking is not None:
            return self.booking.shows_way_in
        open_now = not self.bookings or any(each.shows_way_in for each in self.bookings)
        return open_now and is_at_hand(self.starts_at, self.ends_at)

    @property
    def is_running(self) -> bool:
        return self.now is not None


@dataclass(frozen=True)
class Cell:
    """An hour or less of an empty stretch; ``url`` opens time there, where one may.

    ``leads``: whether it is the first of its stretch that does, the one for the keyboard.
    """

    begin: int
    minutes: int
    now: int | None
    url: str = ""
    leads: bool = False

    @property
    def time(self) -> str:
        return on_clock(self.begin)


@dataclass(frozen=True)
class Stretch:
    """Nothing, for a while."""

    cells: Sequence[Cell]

    is_block = False


@dataclass(frozen=True)
class WeekDay:
    """A day: its blocks with the stretches between; ``url`` opens time in it, where one may.

    ``further``: whether it lies beyond the week, and goes on an agenda that begins with today;
    ``busy``: when calendars of one's own say so.
    """

    day: date
    today: date
    pieces: Sequence[Block | Stretch]
    further: bool = False
    busy: Sequence[Busy] = ()

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def is_past(self) -> bool:
        return self.day < self.today

    @property
    def blocks(self) -> list[Block]:
        return [each for each in self.pieces if isinstance(each, Block)]

    @property
    def url(self) -> str:
        """From 13:00 on if one can, else as early as one can."""
        cells = [cell for each in self.pieces if isinstance(each, Stretch) for cell in each.cells]
        usable = [cell for cell in cells if cell.url]
        later = [cell for cell in usable if cell.begin >= AFTERNOON]
        return next((cell.url for cell in [*later, *usable]), "")


@dataclass(frozen=True)
class MyWeek:
    """``refusal``: why the day in the address can't be meant; this week is shown instead.

    ``is_whole``: whether a week was asked for; else an agenda begins with today, and has seven days:
    ``further`` are those of the next week.
    """

    first: date
    days: Sequence[WeekDay]
    further: Sequence[WeekDay]
    hours: Sequence[int]
    is_ta: bool
    refusal: str = ""
    is_whole: bool = True
    today: date = field(default_factory=clock.today)

    @classmethod
    def of(cls, person: User, asked: str | None) -> "MyWeek":
        """The week of the day that was asked for. Eight queries."""
        refusal, first = start_of(asked)
        is_whole, today = bool(asked) and not refusal, clock.today()
        sunday = first + 6 * DAY
        last = sunday if is_whole else today + 6 * DAY
        start, end = clock.day_bounds(first)[0], clock.day_bounds(last)[1]
        teaches, now = is_ta(person), timezone.now()
        week = Week.of(person.pk, start, end, now)
        days = blocks_by_day(person, week, now)
        hours = hours_of(each for day, blocks in days.items() if day <= sunday for each in blocks)
        drawn = [
            WeekDay(
                day,
                today,
                stacked(day, days.get(day, ()), hours, now, teaches),
                day > sunday,
                busy_on(day, week.busy),
            )
            for day in (first + offset * DAY for offset in range((last - first).days + 1))
        ]
        return cls(first, drawn[:7], drawn[7:], hours, teaches, refusal, is_whole)

    @property
    def name(self) -> str:
        return clock.days_range(self.first, self.first + 6 * DAY)

    @property
    def later_name(self) -> str:
        return clock.days_range(self.first + WEEK, self.first + WEEK + 6 * DAY)

    @property
    def is_this_week(self) -> bool:
        return self.first == clock.monday(self.today)

    @property
    def hides_days(self) -> bool:
        """Whether an agenda leaves out days that had something."""
        return not self.is_whole and any(day.is_past and day.blocks for day in self.days)

    @property
    def earlier(self) -> date | None:
        return self.first - WEEK if self.first - WEEK >= FIRST else None

    @property
    def later(self) -> date | None:
        return self.first + WEEK if self.first + 2 * WEEK <= LAST else None

    @property
    def at_hand(self) -> list[Block]:
        """What is on or about to begin."""
        blocks = [block for day in self.days for block in day.blocks]
        return [each for each in blocks if each.shows_way_in and each.bookings]

    @property
    def has_held(self) -> bool:
        """Whether one is offered something in it."""
        return any(block.kind == "held" for day in self.days for block in day.blocks)

    @property
    def is_busy(self) -> bool:
        return any(day.busy for day in self.days)

    @property
    def is_empty(self) -> bool:
        return not any(day.blocks for day in (*self.days, *self.further))


def busy_on(day: date, busy: Iterable[Busy]) -> list[Busy]:
    """What of these lies in the day, cut at its ends."""
    start, end = clock.day_bounds(day)
    return [
        Busy(max(each.starts_at, start), min(each.ends_at, end), each.calendar)
        for each in busy
        if each.starts_at < end and each.ends_at > start
    ]


def start_of(asked: str | None) -> tuple[str, date]:
    """The Monday of the week of a day in an address, of this week where it is none that can be
    meant; and why it can't, if it was a day."""
    day = clock.read_date(asked)
    refusal = clock.year_refusal(day) if day else ""
    shown = day if day and not refusal else clock.today()
    return refusal, clock.monday(min(max(shown, FIRST + WEEK), LAST - WEEK))


def blocks_by_day(person: User, week: Week, now: datetime) -> dict[date, list[Block]]:
    """Bookings and slots as blocks, each day's in order. One query."""
    others = {each.ta for each in week.taken} | {each.student for each in week.given}
    writable = reach.writable(person, others)
    given: dict[int, list[Booking]] = {}
    for booking in week.given:
        given.setdefault(booking.slot_id, []).append(booking)
    blocks = [
        _block("learn", each, each.slot.appointment, [each], writable, now) for each in week.taken
    ]
    standing = {slot.pk: slot for slot in week.slots}
    # A seat that was given stands in the week also when its slot was taken off the session since.
    slots = {booking.slot_id: booking.slot for booking in week.given} | standing
    busy = [(each.starts_at, each.ends_at) for each in week.taken]
    for pk, slot in slots.items():
        bookings = given.get(pk, [])
        if not bookings and any(
            start < slot.ends_at and end > slot.starts_at for start, end in busy
        ):
            continue  # nobody can book it: one learns then
        kind = "teach" if bookings else "free"
        blocks.append(
            _block(kind, slot, slot.appointment, bookings, writable, now, free=pk in week.free)
        )
    blocks += [
        replace(_block("held", each.slot, each.slot.appointment, (), (), now), offer=each)
        for each in week.offers
    ]
    days: dict[date, list[Block]] = {}
    for block in sorted(blocks, key=lambda each: (each.starts_at, each.kind)):
        days.setdefault(clock.local(block.starts_at).date(), []).append(block)
    return days


def _block(
    kind: str,
    timed: Booking | TimeSlot,
    appointment: Appointment,
    bookings: Sequence[Booking],
    writable: Collection[int],
    now: datetime,
    *,
    free: bool = False,
) -> Block:
    start, end = timed.starts_at, timed.ends_at
    begin = clock.local(start).hour * HOUR + clock.local(start).minute
    return Block(
        kind,
        start,
        end,
        appointment,
        timed.pk if isinstance(timed, TimeSlot) else timed.slot_id,
        bookings,
        left=max(timed.seats_left, 0) if isinstance(timed, TimeSlot) else 0,
        held=timed.held if isinstance(timed, TimeSlot) else 0,
        is_free=free,
        is_over=end <= now,
        writable=writable if end > now else (),
        begin=begin,
        minutes=max(round((end - start).total_seconds() / 60 / STEP) * STEP, STEP),
        now=_step((now - start).total_seconds() / 60) if start <= now < end else None,
    )


def _step(minutes: float) -> int:
    return int(minutes // STEP) * STEP


def hours_of(blocks: Iterable[Block]) -> range:
    """The hours to draw: those of a working day, and whatever lies outside of it."""
    begins, ends = [MORNING * HOUR], [EVENING * HOUR]
    for block in blocks:
        begins.append(block.begin)
        ends.append(block.begin + block.minutes)
    return range(min(begins) // HOUR, min(-(-max(ends) // HOUR), 24))


def stacked(
    day: date, blocks: Sequence[Block], hours: range, now: datetime, teaches: bool
) -> list[Block | Stretch]:
    """The blocks of a day with the stretches between, from the first hour to the last."""
    pieces: list[Block | Stretch] = []
    at = hours.start * HOUR
    for block in blocks:
        if block.begin > at:
            pieces.append(stretch(day, at, block.begin, now, teaches))
        pieces.append(block)
        at = max(at, block.begin) + block.minutes
    if at < hours.stop * HOUR:
        pieces.append(stretch(day, at, hours.stop * HOUR, now, teaches))
    return pieces


def stretch(day: date, begin: int, end: int, now: datetime, teaches: bool) -> Stretch:
    """An empty stretch in cells that end with each hour; a TA may open time where it is to come."""
    local = clock.local(now)
    passed = (local.date() - day).days * 24 * HOUR + local.hour * HOUR + local.minute  # of the day
    opens = teaches and day <= clock.today() + policy.max_ahead
    cells: list[Cell] = []
    at, leads = begin, True
    while at < end:
        stop = min((at // HOUR + 1) * HOUR, end)
        grid = int(policy.grid.total_seconds() // 60)
        start = max(at, passed + 1)
        start = -(-start // grid) * grid
        may = opens and start + grid <= stop
        url = _open_url(day, start, min(start + HOUR, end)) if may else ""
        here = _step(passed - at) if at <= passed < stop else None
        cells.append(Cell(start if may else at, stop - at, here, url, leads and may))
        leads = leads and not may
        at = stop
    return Stretch(cells)


def _open_url(day: date, start: int, end: int) -> str:
    asked = {"date": day.isoformat(), "start_time": on_clock(start), "end_time": on_clock(end)}
    return f"{reverse('scheduling:appointment_create')}?{urlencode(asked)}"
