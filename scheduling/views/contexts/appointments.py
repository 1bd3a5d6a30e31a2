"""What the pages around TA sessions show: the rows of the list, a preview, what can be copied."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat.queries import reach
from scheduling.forms.bookings import OutcomesForm
from scheduling.models import Appointment, Booking, HelpRequest, Part, TimeSlot
from scheduling.queries.appointments import (
    bookings_of,
    first_bookings,
    last_of,
    load_topics,
    parts_of,
    series_of,
    weeks_beside,
)
from scheduling.queries.bookings import active_bookings
from scheduling.queries.outcomes import said_by_staff
from scheduling.queries.requests import Answers, answers_to
from scheduling.queries.series import FOLLOWING, in_scope
from scheduling.services.holds import LEAST_LEFT
from scheduling.services.outcome_rules import check_outcome
from scheduling.services.plan import Plan, collisions, misfit, obstacles
from scheduling.services.rules import passes
from setahub.core import clock
from setahub.core.db.prepared import padded
from setahub.policy.current import policy
from topics.models import Topic
from topics.queries.registrations import is_waiting, may_teach_in
from topics.queries.topics import taught_by

METER_CELLS = 16
SEATS_ASKED_MOST = 20  # however many wait
# What is opened for a part of the day, the likeliest first.
START_OF = {
    Part.AFTERNOON.value: (time(13), time(15)),
    Part.EVENING.value: (time(17), time(19)),
    Part.MORNING.value: (time(10), time(12)),
}
WEEK = timedelta(weeks=1)

# --- Lists --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A session in the list: seats booked of seats, and its bookings (the first of many).

    ``weeks``: those of its series that are like it, and have no card of their own.
    """

    appointment: Appointment
    seats: int
    booked: int
    bookings: Sequence[Booking]
    weeks: Sequence[Appointment] = ()

    @property
    def more(self) -> int:
        return self.booked - len(self.bookings)

    @property
    def asks_how_it_went(self) -> bool:
        """Whether its TA can say of somebody how it went, or change what was said."""
        now, lasts = timezone.now(), policy.outcome_switch
        can_say = (each.starts_at <= now <= each.ends_at + lasts for each in self.bookings)
        return not self.appointment.is_cancelled and any(can_say)

    @property
    def is_said(self) -> bool:
        """Whether of all whose time has begun it is said how it went."""
        now = timezone.now()
        return not self.more and all(
            each.is_settled or each.starts_at > now for each in self.bookings
        )

    @property
    def meter(self) -> list[bool]:
        """The share of seats booked as cells; any booking fills one, only all of them fill all."""
        return meter(self.booked, self.seats)


def meter(booked: int, seats: int) -> list[bool]:
    cells = min(seats, METER_CELLS)
    full = min(booked * cells // seats, cells) if seats else 0
    return [number < max(full, min(booked, 1)) for number in range(cells)]


def rows(sessions: Sequence[Any], tab: str) -> list[Row]:
    """Sessions of a tab as rows. Three queries, however many."""
    if not sessions:
        return []
    ids, cancelled = padded([each.pk for each in load_topics(sessions)]), tab == "cancelled"
    bookings: dict[int, list[Booking]] = {}
    for booking in first_bookings(ids, cancelled=cancelled):
        bookings.setdefault(booking.slot.appointment_id, []).append(booking)
    weeks = weeks_beside(sessions, timezone.now()) if tab == "upcoming" else {}
    return [
        Row(each, each.seats, each.booked, bookings.get(each.pk, []), weeks.get(each.pk, []))
        for each in sessions
    ]


# --- One session --------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlotRow:
    """A slot of a session with its bookings."""

    slot: TimeSlot
    bookings: Sequence[Booking]

    @property
    def left(self) -> int:
        return max(self.slot.capacity - len(self.bookings) - self.slot.held, 0)


@dataclass(frozen=True)
class SessionPage:
    """A session as its TA or staff see it; ``dropped`` are the bookings that were cancelled."""

    appointment: Appointment
    topics: Sequence[Topic]
    slots: Sequence[SlotRow]
    booked: int
    seats: int
    meter: Sequence[bool]
    dropped: Sequence[Booking]
    series: Sequence[Appointment]
    started: bool
    ended: bool
    mine: bool
    can_edit: bool
    can_cancel: bool
    writable: Collection[int]
    answers: Answers

    @property
    def bookings(self) -> list[Booking]:
        """Those that were not cancelled, in order of time."""
        return [booking for row in self.slots for booking in row.bookings]

    @classmethod
    def of(cls, appointment: Appointment, viewer: User) -> "SessionPage":
        now = timezone.now()
        bookings = bookings_of(appointment)
        kept = [each for each in bookings if each.status != Booking.Status.CANCELLED]
        topics, slots = parts_of(appointment)
        seats = sum(slot.capacity for slot in slots)
        mine = appointment.ta_id == viewer.pk
        started, ended = appointment.has_started(now), appointment.has_ended(now)
        return cls(
            appointment=appointment,
            topics=topics,
            slots=[SlotRow(slot, [b for b in kept if b.slot_id == slot.pk]) for slot in slots],
            booked=len(kept),
            seats=seats,
            meter=meter(len(kept), seats),
            dropped=[each for each in bookings if each not in kept],
            series=series_of(appointment),
            started=started,
            ended=ended,
            mine=mine,
            can_edit=mine and not appointment.is_cancelled and not ended,
            can_cancel=mine and not appointment.is_cancelled and not started,
            writable=reach.writable(viewer, [each.student for each in kept]),
            answers=answers_to(appointment),
        )


@dataclass(frozen=True)
class Outcome:
    """A booking that has begun, what may be said of it now, and what is ticked."""

    booking: Booking
    may_complete: bool
    may_no_show: bool
    came: bool
    missed: bool


@dataclass(frozen=True)
class Outcomes:
    """How it went, for a whole session; ``form``: what was sent and refused, if anything was."""

    rows: Sequence[Outcome]
    form: OutcomesForm | None

    @classmethod
    def of(cls, page: SessionPage, viewer: User, form: OutcomesForm | None) -> "Outcomes":
        status = Booking.Status
        if not page.mine or not page.started:
            return cls([], form)
        rows, settled = [], said_by_staff([each.pk for each in page.bookings])
        for booking in page.bookings:
            decided = booking.pk in settled
            complete, no_show = (
                passes(check_outcome, booking, viewer, outcome, decided=decided)
                for outcome in (status.COMPLETED, status.NO_SHOW)
            )
            said = booking.effective_status
            here = said == status.BOOKED and booking.checked_in_at is not None
            ticks = [said == status.COMPLETED or here, said == status.NO_SHOW]
            if form is not None:
                names = ("completed", "no_show")
                ticks = [str(booking.pk) in (form[name].value() or ()) for name in names]
            if complete or no_show:
                rows.append(Outcome(booking, complete, no_show, *ticks))
        return cls(rows, form)

    @property
    def everyone(self) -> Sequence[Booking]:
        """Whom "Everyone came" is about; nobody where somebody is said not to have come."""
        said = {each.booking.effective_status for each in self.rows}
        if Booking.Status.NO_SHOW in said or Booking.Status.BOOKED not in said:
            return []
        return [each.booking for each in self.rows if each.may_complete]

    @property
    def are_said(self) -> bool:
        """Whether nothing is left to say, so that the form only serves to change it."""
        open_rows = (each.booking.effective_status == Booking.Status.BOOKED for each in self.rows)
        return self.form is None and not any(open_rows)

    @property
    def last_day(self) -> date:
        """Until when it can be changed, of the booking that ends last."""
        ends = max(each.booking.ends_at for each in self.rows)
        return clock.local(ends + policy.outcome_switch).date()


@dataclass(frozen=True)
class CancelPage:
    """What cancelling would cost: bookings of this session, and of the later ones of its series."""

    appointment: Appointment
    topics: Sequence[Topic]
    affected: Sequence[Booking]
    later_affected: Sequence[Booking]

    @classmethod
    def of(cls, appointment: Appointment) -> "CancelPage":
        bookings = active_bookings(in_scope(appointment, FOLLOWING))
        here = [each for each in bookings if each.slot.appointment_id == appointment.pk]
        later = [each for each in bookings if each not in here]
        return cls(appointment, parts_of(appointment)[0], here, later)


# --- Opening time -------------------------------------------------------------------------------


def defaults(ta: User, handle: str | None = None) -> Plan:
    """What the form for a new session starts with: the first coming day that is still open.

    13:00 to 15:00, for the topic in the address or those of the last session, in its place.
    """
    last, taught = last_of(ta), taught_by(ta)
    chosen = [each for each in taught if handle and handle in (each.slug, str(each.pk))]
    if not chosen and last is not None:
        chosen = [each for each in last.topics.all() if each in taught]
    if not chosen and len(taught) == 1:
        chosen = taught
    plan = Plan(
        topics=chosen,
        day=clock.today() + timedelta(days=1),
        start=time(13),
        end=time(15),
        slot_minutes=30,
        capacity=1,
        location=last.location if last else "",
    )
    days = [plan.on(plan.day + timedelta(days=ahead)) for ahead in range(7)]
    clashes = collisions(ta.pk, [each.span for each in days])
    open_days = [each for each, clash in zip(days, clashes, strict=True) if not clash]
    return open_days[0] if open_days else plan


def answer_to(asked: HelpRequest, ta: User) -> Plan:
    """A session that answers a request: its topic, its first fitting day, a seat for all who wait.

    ``asked`` with ``waiting``, and its topic loaded.
    """
    plan = defaults(ta, asked.topic.slug)
    seats = min(max(asked.waiting, 1), SEATS_ASKED_MOST, policy.max_seats)
    first = max(asked.from_day, clock.today())
    days = [first + timedelta(days=ahead) for ahead in range((asked.to_day - first).days + 1)]
    hours = [START_OF[part] for part in asked.parts.split()] or list(START_OF.values())
    tries = [
        replace(plan, day=day, start=start, end=end, capacity=seats)
        for day in days
        for start, end in hours
    ]
    now = timezone.now()
    bookable = [
        each
        for each in tries
        if each.span.start >= now + policy.min_notice_at(each.span.start) + LEAST_LEFT
    ]
    clashes = collisions(ta.pk, [each.span for each in bookable])
    fitting = (each for each, clash in zip(bookable, clashes, strict=True) if not clash)
    return next(fitting, replace(plan, capacity=seats))


def at_asked_time(plan: Plan, query: Mapping[str, str]) -> Plan:
    """The same at the time that an address names (``date``, ``start_time``, ``end_time``), in slots that
    fill it; an hour unless it names the end. What can't be meant changes nothing."""
    day = clock.parse_date(query.get("date")) or plan.day
    start, end = (_time_in(query.get(name)) for name in ("start_time", "end_time"))
    asked = plan.on(day)
    if start is not None:
        later = time((start.hour + 1) % 24, start.minute if start.hour < 23 else 0)
        asked = replace(asked, start=start, end=later if end is None else end)
        length = (asked.span.end - asked.span.start) // timedelta(minutes=1)
        fitting = [each for each in policy.slot_minutes if length % each == 0]
        if fitting and length % asked.slot_minutes:
            asked = replace(asked, slot_minutes=max(fitting))
    return plan if misfit(asked) else asked


def _time_in(text: str | None) -> time | None:
    try:
        return datetime.strptime(text or "", "%H:%M").time()
    except ValueError:
        return None


def copied(appointment: Appointment, ta: User) -> Plan:
    """The session again in the first week after it, from now on, in which the TA can have it."""
    plan = Plan.of(appointment, topics=set(taught_by(ta)))
    first = plan.on(plan.day + WEEK * max((clock.today() - plan.day).days // 7, 1))
    weeks = [first.on(first.day + WEEK * later) for later in range(policy.max_ahead.days // 7 + 2)]
    coming = [each for each in weeks if each.span.start > timezone.now()]
    wrong = obstacles(ta.pk, coming)
    return next((each for each, why in zip(coming, wrong, strict=True) if not why), coming[0])


# --- Becoming a TA ------------------------------------------------------------------------------


@dataclass(frozen=True)
class BecomeTA:
    """What stands between this user and opening time, and the step that leads there."""

    glyph: str
    heading: str
    text: str
    url: str
    action: str

    @classmethod
    def of(cls, user: User) -> "BecomeTA":
        return cls(
            glyph="graduation-cap",
            heading=_("TA sessions are given by TAs"),
            text=_next_step(user),
            url=reverse("become_ta"),
            action=_("Become a TA"),
        )


def _next_step(user: User) -> str:
    if is_waiting(user):
        return _(
            "Your registration waits for the faculty's approval. After that you can open time."
        )
    if user.year is not None and not may_teach_in(user.year):
        return _(
            "From year %(year)d on you can register to teach a topic and open time for it."
        ) % {"year": policy.ta_min_year}
    return _("Choose a topic that you know well and register to teach it. Then you can open time.")
