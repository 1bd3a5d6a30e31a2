"""TA sessions as lists and pages ask for them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
    Window,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.models.bookings import BookingQuerySet
from setahub.core import clock
from setahub.core.db.prepared import prepared
from topics.models import Topic

# A session in the list names so many of its bookings; its own page names all.
BOOKINGS_SHOWN = 20


@prepared
def given(ta: int, now: datetime, *, tab: str) -> AppointmentQuerySet:
    """The TA's sessions in a tab, each with ``seats`` and ``booked``."""
    sessions = with_load(Appointment.objects.of(ta), cancelled=tab == "cancelled")
    if tab == "completed":
        return sessions.completed(now)
    return sessions.cancelled() if tab == "cancelled" else sessions.upcoming(now)


def listed_upcoming(ta: int, now: datetime) -> AppointmentQuerySet:
    """As ``given``, without the weeks of a series that stand with an earlier one of it.

    Those are alike: nobody booked them, and nothing in them was changed for that week alone.
    """
    sessions = with_load(Appointment.objects.of(ta)).upcoming(now)
    return sessions.exclude(_stands_with_an_earlier(now))


def weeks_beside(sessions: Sequence[Appointment], now: datetime) -> dict[int, list[Appointment]]:
    """The weeks that ``listed_upcoming`` left out, in order, by the id of the session they stand with.

    That is the first of their series. One query, if any is of a series.
    """
    series = {each.series for each in sessions if each.series}
    if not series:
        return {}
    first: dict[UUID | None, int] = {}
    found: dict[int, list[Appointment]] = {}
    coming = Appointment.objects.upcoming(now).filter(series__in=series)
    for week in coming.annotate(
        beside=Case(When(_stands_with_an_earlier(now), then=True), default=False)
    ):
        first.setdefault(week.series, week.pk)
        if week.beside:
            found.setdefault(first[week.series], []).append(week)
    return found


def _stands_with_an_earlier(now: datetime) -> Q:
    earlier = Appointment.objects.open().filter(
        series=OuterRef("series"), ends_at__gt=now, starts_at__lt=OuterRef("starts_at")
    )
    kept = Booking.objects.kept().filter(slot__appointment=OuterRef("pk"))
    return Q(Exists(earlier), ~Exists(kept), series__isnull=False, own="")


def load_topics(sessions: Sequence[Appointment]) -> Sequence[Appointment]:
    """The same, with their topics loaded. One query."""
    prefetch_related_objects(sessions, "topics")
    return sessions


def with_load(sessions: AppointmentQuerySet, *, cancelled: bool = False) -> AppointmentQuerySet:
    """Gives each ``seats``, and ``booked``: how many of them are.

    A booking counts as long as it isn't cancelled, also once it is said how it went; or, with
    ``cancelled``, those that are.
    """
    slots = TimeSlot.objects.standing().filter(appointment=OuterRef("pk")).order_by()
    seats = slots.values("appointment").annotate(sum=Sum("capacity")).values("sum")
    bookings = Booking.objects.filter(slot__appointment=OuterRef("pk"))
    counted = (bookings.cancelled() if cancelled else bookings.kept()).order_by()
    booked = counted.values("slot__appointment").annotate(count=Count("pk")).values("count")
    return sessions.annotate(
        seats=Coalesce(Subquery(seats), 0), booked=Coalesce(Subquery(booked), 0)
    )


@prepared
def first_bookings(ids: tuple[int, ...], *, cancelled: bool) -> BookingQuerySet:
    """The first bookings of each of these sessions, in order of time."""
    number = Window(
        RowNumber(),
        partition_by=F("slot__appointment"),
        order_by=[F("starts_at").asc(), F("pk").asc()],
    )
    of_these = Booking.objects.filter(slot__appointment__id__in=ids)
    counted = (of_these.cancelled() if cancelled else of_these.kept()).order_by()
    numbered = counted.annotate(number=number).filter(number__lte=BOOKINGS_SHOWN)
    return numbered.select_related("student", "topic", "slot").order_by("starts_at", "pk")


def visible_to(viewer: User) -> AppointmentQuerySet:
    """The sessions that a user may look at: a TA's own, and for staff all."""
    if viewer.has_staff_powers:
        return Appointment.objects.all()
    return Appointment.objects.of(viewer.pk)


def series_of(appointment: Appointment) -> list[Appointment]:
    """All weeks of the session's series, cancelled ones included; empty where it stands alone."""
    if appointment.series is None:
        return []
    weeks = Appointment.objects.of(appointment.ta_id).filter(series=appointment.series)
    return list(weeks.order_by("starts_at"))


def last_of(ta: User) -> Appointment | None:
    """The session that the TA opened last, with its topics."""
    return Appointment.objects.of(ta.pk).prefetch_related("topics").order_by("-pk").first()


def parts_of(appointment: Appointment) -> tuple[list[Topic], list[TimeSlot]]:
    """Its topics by name, and the slots that it still has, in order of time."""
    topics = appointment.topics.order_by("sort_key")
    return list(topics), list(appointment.slots.standing().soonest())


def booked_times(appointment: Appointment) -> "Counter[tuple[datetime, datetime]]":
    """How many have booked each time of the session, by its start and end."""
    kept = Booking.objects.kept().filter(slot__appointment=appointment)
    return Counter(kept.values_list("starts_at", "ends_at"))


def starts_between(ta_id: int, start: datetime, end: datetime) -> Iterable[datetime]:
    """When the TA's sessions of this stretch start, in order."""
    sessions = Appointment.objects.of(ta_id).open().filter(starts_at__gte=start, starts_at__lt=end)
    return sessions.order_by("starts_at").values_list("starts_at", flat=True)


def in_week(ta: User, day: date) -> list[Appointment]:
    """The TA's open sessions of the week that ``day`` lies in, with their topics, in order."""
    first = clock.monday(day)
    start, end = clock.day_bounds(first)[0], clock.day_bounds(first + timedelta(days=6))[1]
    sessions = Appointment.objects.of(ta.pk).open().filter(starts_at__gte=start, starts_at__lt=end)
    return list(sessions.order_by("starts_at").prefetch_related("topics"))


def coming_with(topic: Topic, ta: User | None) -> AppointmentQuerySet:
    """The sessions to come, of one TA or of all, that are also for this topic."""
    coming = Appointment.objects.open().filter(ends_at__gt=timezone.now(), topics=topic)
    return coming if ta is None else coming.of(ta.pk)


def bookings_of(appointment: Appointment) -> list[Booking]:
    """All that were ever made in the session, in order of time, with their student and topic."""
    bookings = Booking.objects.filter(slot__appointment=appointment)
    return list(bookings.select_related("student", "topic", "slot").order_by("starts_at", "pk"))
