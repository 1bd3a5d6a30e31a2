"""The shape of an appointment: its times, the slots they make, and what they collide with.

Nothing here writes, so the preview and the services share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from math import lcm
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Commitment
from setahub.core import clock
from setahub.core.web.refusals import refusal_of
from setahub.policy.current import policy
from topics.models import Topic


@dataclass(frozen=True)
class Span:
    """A stretch of time, [start, end), aware."""

    start: datetime
    end: datetime

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether they share time; back-to-back is no overlap."""
        return self.start < end and self.end > start

    @property
    def day(self) -> date:
        return clock.local(self.start).date()


@dataclass(frozen=True)
class Plan:
    """What a TA asks for: one appointment, on the faculty's clock.

    The one list of what a session has. What is neither a topic nor a time stands in the
    appointment's column of that name: forms, services, changes and copies take it from here.
    """

    topics: Sequence[Topic]
    day: date
    start: time
    end: time
    slot_minutes: int
    capacity: int
    location: str
    notes: str = ""

    @classmethod
    def of(
        cls,
        appointment: Appointment,
        *,
        shift: timedelta = timedelta(0),
        topics: set[Topic] | None = None,
    ) -> "Plan":
        """The appointment as it is, ``shift`` later; only with those of its topics in ``topics``."""
        start, end = clock.local(appointment.starts_at), clock.local(appointment.ends_at)
        own = appointment.topics.all()
        return cls(
            topics=[topic for topic in own if topics is None or topic in topics],
            day=start.date() + shift,
            start=start.time(),
            end=end.time(),
            **{name: getattr(appointment, name) for name in COLUMNS},
        )

    @property
    def columns(self) -> dict[str, Any]:
        """What the appointment keeps under the same names."""
        return {name: getattr(self, name) for name in COLUMNS}

    def on(self, day: date) -> "Plan":
        return replace(self, day=day)

    @property
    def span(self) -> Span:
        return Span(clock.at(self.day, self.start), clock.at(self.end_day, self.end))

    @property
    def end_day(self) -> date:
        """The day that ``end`` is on: an end of 0:00 is midnight at the end of the day."""
        return self.day + timedelta(days=self.end == time.min)

    @property
    def slots(self) -> list[Span]:
        return cut(self.span, self.slot_minutes)

    @property
    def times(self) -> tuple[date, time, time]:
        return self.day, self.start, self.end

    @property
    def stretch(self) -> tuple[int, time]:
        """Where in a week it begins: one TA has no two there."""
        return self.day.weekday(), self.start

    @property
    def meets_clock_change(self) -> bool:
        """Whether a clock changes between its start and its end."""
        span = self.span
        offsets = {clock.local(moment).utcoffset() for moment in (span.start, span.end)}
        return len(offsets) > 1 or bool(_clock_faults(self))

    def is_as(self, other: "Plan") -> bool:
        """Whether both ask for the same, topics in whichever order."""
        same = {each.pk for each in self.topics} == {each.pk for each in other.topics}
        return same and replace(self, topics=()) == replace(other, topics=())


COLUMNS = [
    field.name for field in fields(Plan) if field.name not in ("topics", "day", "start", "end")
]


def cut(span: Span, minutes: int) -> list[Span]:
    """The whole slots of ``minutes`` in a span, in order."""
    # In UTC, where adding minutes means what it says on days when a clock changes.
    start, end, step = (
        span.start.astimezone(UTC),
        span.end.astimezone(UTC),
        timedelta(0, minutes * 60),
    )
    return [Span(start + i * step, start + (i + 1) * step) for i in range((end - start) // step)]


def check_times(
    plan: Plan, now: datetime, *, began: datetime | None = None, weeks: Sequence[Plan] = ()
) -> None:
    """The rules of one appointment's times. Raises SchedulingError that names the field.

    ``began``: the start of the appointment being edited, which may lie in the past unchanged, or
    further ahead than a new one may (the last week of a series). ``weeks``: the series that begins
    with it; a week in which the clocks change is one that doesn't fit, no wrong field.
    """
    check_shape(next((each for each in weeks if not each.meets_clock_change), plan))
    span = plan.span
    if span.start <= now and span.start != began:
        raise _wrong(
            "date" if span.day < clock.local(now).date() else "start_time",
            _("This lies in the past."),
        )
    if span.end <= now:
        raise _wrong("end_time", _("This lies in the past."))
    latest = clock.local(now).date() + policy.max_ahead
    if began is None and plan.capacity > policy.max_seats:
        raise _wrong("capacity", _("At most %(seats)d.") % {"seats": policy.max_seats})
    if began is not None:
        latest = max(latest, clock.local(began).date())
    if plan.day > latest:
        days = policy.max_ahead.days
        raise _wrong("date", _("At most %(days)d days ahead.") % {"days": days})


def check_shape(plan: Plan) -> None:
    """The rules of its times that hold on any day, now or later."""
    for field, moment in (("start_time", plan.start), ("end_time", plan.end)):
        if _off_grid(moment):
            raise _wrong(field, _("Times are on the quarter hour: 13:00, 13:15, 13:30, 13:45."))
    if plan.end <= plan.start and plan.end != time.min:
        raise _wrong("end_time", _("The end must be after the start, on the same day."))
    for field, fault in _clock_faults(plan):
        raise _wrong(field, fault)
    if plan.span.end - plan.span.start > policy.max_length:
        hours = int(policy.max_length.total_seconds() // 3600)
        raise _wrong("end_time", _("At most %(hours)d hours at a stretch.") % {"hours": hours})
    _check_whole_slots(plan)


def misfit(plan: Plan) -> str:
    """Why its times can't be on its day, in words, or ""."""
    refusal = refusal_of(check_shape, plan)
    return refusal.message if refusal else ""


def _clock_faults(plan: Plan) -> list[tuple[str, str]]:
    """What a change of the clocks makes wrong, as fields and words: an end, or a slot between."""
    ends = [("start_time", plan.day, plan.start), ("end_time", plan.end_day, plan.end)]
    between = [("end_time", each.day, clock.local(each.start).time()) for each in plan.slots[1:]]
    faults = [(field, clock.clock_fault(day, moment)) for field, day, moment in (*ends, *between)]
    return [(field, fault) for field, fault in faults if fault]


def _off_grid(moment: time) -> bool:
    minutes = policy.grid.total_seconds() // 60
    return bool(moment.minute % minutes or moment.second or moment.microsecond)


def _check_whole_slots(plan: Plan) -> None:
    """A length that is not whole slots is refused, naming the nearest ends that are."""
    length = int((plan.span.end - plan.span.start).total_seconds() // 60)
    if length % plan.slot_minutes == 0:
        return
    # Ends lie on the grid as well, so only lengths that fit both come into question.
    step = lcm(plan.slot_minutes, int(policy.grid.total_seconds() // 60))
    midnight = clock.at(plan.day + timedelta(days=1), time.min)
    ends = [
        plan.span.start + timedelta(minutes=minutes)
        for minutes in (length // step * step, (length // step + 1) * step)
        if 0 < minutes <= policy.max_length.total_seconds() // 60
    ]
    names = _(" or ").join(
        clock.time_of_day(end)
        for end in ends
        if end <= midnight
        and not clock.clock_fault(clock.local(end).date(), clock.local(end).time())
    )
    raise _wrong(
        "end_time",
        _("This isn't a whole number of %(minutes)d-minute slots. It could end at %(ends)s.")
        % {"minutes": plan.slot_minutes, "ends": names}
        if names
        else _("This isn't a whole number of %(minutes)d-minute slots.")
        % {"minutes": plan.slot_minutes},
    )


def weekly(plan: Plan, until: date | None) -> list[Plan]:
    """The plan, and again each week up to and including ``until``."""
    if until is None:
        return [plan]
    if until < plan.day:
        raise _wrong("repeat_until", _("The last day must not be before the first."))
    if until > plan.day + policy.max_repeat:
        weeks = policy.max_repeat.days // 7
        raise _wrong("repeat_until", _("At most %(weeks)d weeks.") % {"weeks": weeks})
    weeks = (until - plan.day).days // 7
    return [plan.on(plan.day + timedelta(weeks=week)) for week in range(weeks + 1)]


def term(
    stretches: Sequence[Plan], until: date | None, *, skip_exam_weeks: bool = False
) -> list[Plan]:
    """Each stretch and again every week, as ``weekly`` has it, in order of time.

    Raises SchedulingError where the times of a stretch are wrong, or two share time.
    """
    plans: list[Plan] = []
    for stretch in stretches:
        weeks = weekly(stretch, until)
        check_times(stretch, timezone.now(), weeks=weeks)
        plans += weeks
    if overlap := next(filter(None, overlaps_in_week(stretches)), ""):
        raise SchedulingError("overlap", overlap, status=422)
    if skip_exam_weeks:
        plans = [each for each in plans if not policy.exam_week_on(each.day)]
    if not plans:
        raise _wrong("repeat_until", _("Until then there are only exam weeks."))
    return sorted(plans, key=lambda each: each.span.start)


def next_start(weekday: int, start: time) -> date:
    """The first day of that name (0: Monday) on which ``start`` still lies ahead."""
    now = timezone.now()
    day = clock.local(now).date()
    day += timedelta(days=(weekday - day.weekday()) % 7)
    return day if clock.at(day, start) > now else day + timedelta(weeks=1)


def overlaps_in_week(stretches: Sequence[Plan]) -> list[str]:
    """For each of these, repeated every week, which other it shares time with, in words, or ""."""
    spans = [_span_in_week(each) for each in stretches]
    reasons = []
    for index, span in enumerate(spans):
        met = [
            other
            for number, other in enumerate(spans)
            if number != index and span.overlaps(other.start, other.end)
        ]
        times = f"{met[0].start:%H:%M} – {met[0].end:%H:%M}" if met else ""
        reasons.append(_("It overlaps with %(times)s.") % {"times": times} if met else "")
    return reasons


def _span_in_week(plan: Plan) -> Span:
    """Its times as a clock on the wall shows them, in a week in which no clock changes."""
    monday = datetime.min  # that day was one, as calendars reckon back
    begin = monday + timedelta(days=plan.day.weekday())
    end = begin + (plan.end_day - plan.day)
    return Span(datetime.combine(begin, plan.start), datetime.combine(end, plan.end))


def obstacles(ta_id: int, plans: Sequence[Plan], *, but: Sequence[int] = ()) -> list[str]:
    """For each plan why the TA can't have it then, or "" where it fits; two queries.

    ``but``: as for ``collisions``.
    """
    clashes = collisions(ta_id, [plan.span for plan in plans], but=but)
    return [misfit(plan) or clash for plan, clash in zip(plans, clashes, strict=True)]


def collisions(ta_id: int, spans: Sequence[Span], *, but: Sequence[int] = ()) -> list[str]:
    """For each span why the TA can't open it, or "" where it fits; two queries however many.

    ``but``: ids of appointments left out of account, since they are being moved themselves.
    """
    if not spans:
        return []
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    opened = (
        Appointment.objects.of(ta_id)
        .overlapping(first, last)
        .exclude(pk__in=but)
        .values_list("starts_at", "ends_at")
    )
    taken = Commitment.objects.overlapping(first, last).filter(
        person=ta_id, role=Commitment.Role.STUDENT
    )
    sessions, bookings = list(opened), list(taken.values_list("starts_at", "ends_at"))
    return [_collision(span, sessions, bookings) for span in spans]


def _collision(
    span: Span,
    sessions: Sequence[tuple[datetime, datetime]],
    bookings: Sequence[tuple[datetime, datetime]],
) -> str:
    for start, end in sessions:
        if span.overlaps(start, end):
            return _("your session %(times)s") % {"times": clock.time_range(start, end)}
    for start, end in bookings:
        if span.overlaps(start, end):
            return _("your own booking %(times)s") % {"times": clock.time_range(start, end)}
    return ""


def meetings(spans: Sequence[Span]) -> list[str]:
    """For each span which other of them it shares time with, in words, or ""."""
    reasons = []
    for index, span in enumerate(spans):
        others = [*spans[:index], *spans[index + 1 :]]
        reasons.append(_collision(span, [(other.start, other.end) for other in others], []))
    return reasons


def _wrong(field: str, message: str) -> SchedulingError:
    return SchedulingError("times", message, status=422, field=field)
