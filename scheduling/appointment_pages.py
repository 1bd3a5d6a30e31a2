"""What the pages around TA sessions show: the rows of the list, a preview, what can be copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import groupby
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DateTimeField,
    F,
    OuterRef,
    Subquery,
    Sum,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.models.bookings import BookingQuerySet
from scheduling.services import appointments
from scheduling.services.plan import Plan, collisions, obstacles
from setahub.lib import when
from setahub.lib.compiled import Compiled, Rows, in_steps
from setahub.lib.policy import policy
from topics.models import Registration, Topic

# A session in the list names so many of its bookings; its own page names all.
BOOKINGS_SHOWN = 20
METER_CELLS = 16
WEEK = timedelta(weeks=1)

# --- Lists --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A session in the list: seats booked of seats, and its bookings (the first of many)."""

    appointment: Appointment
    seats: int
    booked: int
    bookings: Sequence[Booking]

    @property
    def more(self) -> int:
        return self.booked - len(self.bookings)

    @property
    def meter(self) -> list[bool]:
        """The share of seats booked as cells; any booking fills one, only all of them fill all."""
        return meter(self.booked, self.seats)


def meter(booked: int, seats: int) -> list[bool]:
    cells = min(seats, METER_CELLS)
    full = min(booked * cells // seats, cells) if seats else 0
    return [number < max(full, min(booked, 1)) for number in range(cells)]


TABS = ("upcoming", "completed", "cancelled")


def in_tab(ta: User, tab: str | None) -> tuple[str, Rows[Appointment]]:
    """The tab that ``?tab=`` means (an unknown one is the first) and the TA's sessions in it."""
    shown = tab if tab in TABS else TABS[0]
    return shown, _mine(ta=ta.pk, now=timezone.now(), tab=shown)


def _build_mine(ta: Any, now: Any, tab: str) -> AppointmentQuerySet:
    mine = with_load(Appointment.objects.of(ta), cancelled=tab == "cancelled")
    if tab == "completed":
        return mine.completed(now)
    return mine.cancelled() if tab == "cancelled" else mine.upcoming(now)


_mine = Compiled(_build_mine, ta=BigIntegerField(), now=DateTimeField())


def rows(found: Sequence[Any], tab: str) -> list[Row]:
    """Sessions of a tab (with their topics loaded) as rows. One query, however many."""
    if not found:
        return []
    ids, cancelled = in_steps([each.pk for each in found]), tab == "cancelled"
    shown: dict[int, list[Booking]] = {}
    for booking in _first_of_each(ids=ids, cancelled=cancelled):
        shown.setdefault(booking.slot.appointment_id, []).append(booking)
    return [Row(each, each.seats, each.booked, shown.get(each.pk, [])) for each in found]


def with_load(sessions: AppointmentQuerySet, *, cancelled: bool = False) -> AppointmentQuerySet:
    """Gives each ``seats``, and ``booked``: how many of them are.

    A booking counts as long as it isn't cancelled, also once it is said how it went; or, with
    ``cancelled``, those that are.
    """
    slots = TimeSlot.objects.standing().filter(appointment=OuterRef("pk")).order_by()
    seats = slots.values("appointment").annotate(sum=Sum("capacity")).values("sum")
    mine = Booking.objects.filter(slot__appointment=OuterRef("pk"))
    counted = (mine.cancelled() if cancelled else mine.kept()).order_by()
    booked = counted.values("slot__appointment").annotate(count=Count("pk")).values("count")
    return sessions.annotate(
        seats=Coalesce(Subquery(seats), 0), booked=Coalesce(Subquery(booked), 0)
    )


def _bookings(ids: Any, cancelled: bool) -> BookingQuerySet:
    of_these = Booking.objects.filter(slot__appointment__id__in=ids)
    return (of_these.cancelled() if cancelled else of_these.kept()).order_by()


def _build_first_of_each(ids: Any, cancelled: bool) -> BookingQuerySet:
    """The first bookings of each session."""
    number = Window(
        RowNumber(),
        partition_by=F("slot__appointment"),
        order_by=[F("starts_at").asc(), F("pk").asc()],
    )
    numbered = _bookings(ids, cancelled).annotate(number=number).filter(number__lte=BOOKINGS_SHOWN)
    return numbered.select_related("student", "topic", "slot").order_by("starts_at", "pk")


_first_of_each = Compiled(_build_first_of_each, ids=BigIntegerField())


# --- One session --------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlotRow:
    """A slot of a session with who sits in it."""

    slot: TimeSlot
    bookings: Sequence[Booking]

    @property
    def left(self) -> int:
        return max(self.slot.capacity - len(self.bookings), 0)


def visible_to(viewer: User) -> AppointmentQuerySet:
    """The sessions that a user may look at: a TA's own, and for staff all."""
    if viewer.has_staff_powers:
        return Appointment.objects.all()
    return Appointment.objects.of(viewer.pk)


def page(appointment: Appointment, viewer: User) -> dict[str, Any]:
    """All that the page of one session shows to its TA or to staff."""
    now = timezone.now()
    found = list(
        Booking.objects.filter(slot__appointment=appointment)
        .select_related("student", "topic", "slot")
        .order_by("starts_at", "pk")
    )
    kept = [each for each in found if each.status != Booking.Status.CANCELLED]
    slots = list(appointment.slots.standing().soonest())
    seats = sum(slot.capacity for slot in slots)
    mine = appointment.ta_id == viewer.pk
    return {
        "appointment": appointment,
        "topics": list(appointment.topics.order_by("name_key")),
        "slots": [
            SlotRow(slot, [each for each in kept if each.slot_id == slot.pk]) for slot in slots
        ],
        "booked": len(kept),
        "seats": seats,
        "meter": meter(len(kept), seats),
        "dropped": [each for each in found if each.status == Booking.Status.CANCELLED],
        "series": series_of(appointment),
        "started": appointment.has_started(now),
        "ended": appointment.has_ended(now),
        "mine": mine,
        "can_edit": mine and not appointment.is_cancelled and not appointment.has_ended(now),
        "can_cancel": mine and not appointment.is_cancelled and not appointment.has_started(now),
    }


def at_stake(appointment: Appointment) -> dict[str, Any]:
    """The bookings that cancelling would cost: of this session, and of the later of its series."""
    chosen = appointments.in_scope(appointment, appointments.FOLLOWING)
    found = appointments.active_bookings(chosen)
    here = [each for each in found if each.slot.appointment_id == appointment.pk]
    return {"affected": here, "later_affected": [each for each in found if each not in here]}


def series_of(appointment: Appointment) -> list[Appointment]:
    """All weeks of the session's series, cancelled ones included; empty where it stands alone."""
    if appointment.series is None:
        return []
    found = Appointment.objects.of(appointment.ta_id).filter(series=appointment.series)
    return list(found.order_by("starts_at"))


# --- Opening time -------------------------------------------------------------------------------


def defaults(ta: User, handle: str | None = None) -> Plan:
    """What the form for a new session starts with: the first coming day that is still open.

    13:00 to 15:00, for the topic in the address or those of the last session, in its place.
    """
    last = Appointment.objects.of(ta.pk).prefetch_related("topics").order_by("-pk").first()
    taught = list(Topic.objects.taught_by(ta.pk))
    chosen = [each for each in taught if handle and handle in (each.slug, str(each.pk))]
    if not chosen and last is not None:
        chosen = [each for each in last.topics.all() if each in taught]
    if not chosen and len(taught) == 1:
        chosen = taught
    plan = Plan(
        topics=chosen,
        day=when.today() + timedelta(days=1),
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


def copied(appointment: Appointment, ta: User) -> Plan:
    """The session again in the first week after it, from now on, in which the TA can have it."""
    plan = appointments.plan_of(appointment, topics=set(Topic.objects.taught_by(ta.pk)))
    first = plan.on(plan.day + WEEK * max((when.today() - plan.day).days // 7, 1))
    weeks = [first.on(first.day + WEEK * later) for later in range(policy.max_ahead.days // 7 + 2)]
    coming = [each for each in weeks if each.span.start > timezone.now()]
    wrong = obstacles(ta.pk, coming)
    return next((each for each, why in zip(coming, wrong, strict=True) if not why), coming[0])


def as_initial(plan: Plan) -> dict[str, Any]:
    """A plan as the initial values of the form."""
    return {
        "topics": [topic.pk for topic in plan.topics],
        "date": plan.day,
        "start_time": plan.start,
        "end_time": plan.end,
        "slot_minutes": plan.slot_minutes,
        "capacity": plan.capacity,
        "location": plan.location,
        "notes": plan.notes,
    }


# --- Copying a week -----------------------------------------------------------------------------


@dataclass(frozen=True)
class CopyOffer:
    """A week worth opening again, by its Monday, and the empty one to open it in."""

    week: date
    to: date

    @property
    def label(self) -> str:
        this = when.monday(when.today())
        names = {
            (this, this + WEEK): _("Copy this week to next week"),
            (this - WEEK, this): _("Copy last week to this week"),
            (this - WEEK, this + WEEK): _("Copy last week to next week"),
            (this + WEEK, this + 2 * WEEK): _("Copy next week to the week after"),
        }
        return names[self.week, self.to]


_starts = Compiled(
    lambda ta, start, end: (
        Appointment.objects.of(ta)
        .open()
        .filter(starts_at__gte=start, starts_at__lt=end)
        .order_by("starts_at")
        .values_list("starts_at", flat=True)
    ),
    ta=BigIntegerField(),
    start=DateTimeField(),
    end=DateTimeField(),
)


def copy_offer(ta: User) -> CopyOffer | None:
    """The copy that a TA most likely wants, always into a week without sessions. One query.

    This week into the next, or that into the one after. Where this week has none, last week: into
    this one if all of it still lies ahead, else into the next.
    """
    this = when.monday(when.today())
    bounds = when.day_bounds(this - WEEK)[0], when.day_bounds(this + 3 * WEEK)[0]
    starts = _starts(ta=ta.pk, start=bounds[0], end=bounds[1])
    weeks = {
        week: list(found)
        for week, found in groupby(starts, lambda start: when.monday(when.local(start).date()))
    }
    if this in weeks:
        empty = (week for week in (this + WEEK, this + 2 * WEEK) if week not in weeks)
        return next((CopyOffer(week - WEEK, week) for week in empty), None)
    if last := weeks.get(this - WEEK):
        to = this if last[0] + WEEK > timezone.now() else this + WEEK
        return CopyOffer(this - WEEK, to) if to not in weeks else None
    return None


# --- Becoming a TA ------------------------------------------------------------------------------


def how_to_become_one(user: User) -> str:
    """What stands between this user and opening time, in words."""
    if Registration.objects.pending().filter(user=user.pk).exists():
        return _(
            "Your registration waits for the faculty's approval. After that you can open time."
        )
    if user.year is not None and user.year < policy.ta_min_year:
        return _(
            "From year %(year)d on you can register to teach a topic and open time for it."
        ) % {"year": policy.ta_min_year}
    return _("Choose a topic that you know well and register to teach it. Then you can open time.")
