"""Bookings as lists and rules ask for them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, Booking, BookingEvent, HelpRequest, TimeSlot
from scheduling.models.bookings import BookingQuerySet
from scheduling.queries.nearest import nearest_instead
from scheduling.queries.obstacles import Obstacles
from setahub.core.db.prepared import prepared
from topics.models import Topic
from topics.models.topics import search_words


@prepared
def taken(student: int, now: datetime, *, tab: str) -> BookingQuerySet:
    """The student's bookings in a tab, with their TA, topic and session."""
    bookings = _of(student)
    if tab == "completed":
        return bookings.select_related("takeaway").completed(now)
    return bookings.cancelled() if tab == "cancelled" else bookings.upcoming(now)


def _of(student: int) -> BookingQuerySet:
    # The student is the reader: no need to load them with each row.
    return Booking.objects.of_student(student).select_related("ta", "topic", "slot__appointment")


def found(student: int, now: datetime, text: str) -> BookingQuerySet:
    """The student's completed ones that have every word of ``text`` somewhere: in what was left, in
    their topic, in their TA's name. Folded as names are."""
    rows, words = _of(student).select_related("takeaway").completed(now), search_words(text)
    return rows.none() if words is None else rows.with_words(words)


@prepared
def coming_students(ta: int, now: datetime) -> BookingQuerySet:
    """The TA's bookings that stand and aren't over, soonest first, with student, topic and session."""
    bookings = Booking.objects.of_ta(ta).upcoming(now)
    return bookings.select_related("student", "topic", "slot__appointment")


def has_booked(student: int) -> bool:
    """Whether they ever booked a time."""
    return Booking.objects.of_student(student).exists()


def replacement(booking: Booking) -> Booking | None:
    """The booking that its student made instead. One query, and none for one that stands."""
    if not booking.was_taken_away:
        return None
    return Booking.objects.filter(replaces=booking.pk).select_related("ta").first()


def times_instead(
    booking: Booking, but: int | None = None
) -> tuple[list[TimeSlot], list[TimeSlot]]:
    """The free times nearest to that of a cancelled booking: its TA's, then those of others.

    Those that its student can take; never the time itself, nor ``but``, a slot that was just
    refused instead of it.
    """
    to = max(booking.starts_at, timezone.now())
    obstacles = Obstacles.to(booking.student, limited=False)
    own, others = nearest_instead(
        obstacles, booking.topic, booking.ta_id, to, but=but or booking.slot_id
    )
    return tuple([each for each in part if each.pk != booking.slot_id] for part in (own, others))  # type: ignore[return-value]


def offers_other_times(booking: Booking) -> bool:
    """Whether its student may still book another time instead of this cancelled booking."""
    return booking.was_taken_away and booking.student.is_active and replacement(booking) is None


def active_bookings(chosen: Iterable[Appointment]) -> list[Booking]:
    """The bookings that these sessions still owe, soonest first."""
    return list(
        Booking.objects.active()
        .filter(slot__appointment__in=chosen, ends_at__gt=timezone.now())
        .with_people()
        .order_by("starts_at", "pk")
    )


def moved_since(student: User, slot_id: int, topic: Topic, question: str) -> Booking | None:
    """The booking that the same form once made, where it stands at another time now."""
    return _moved_since(student.pk, slot_id, topic.pk, question).first()


@prepared
def _moved_since(student: int, slot: int, topic: int, question: str) -> BookingQuerySet:
    own = Booking.objects.of_student(student).active().filter(topic=topic, question=question)
    return _moved_from(own, slot)


def made_for(bookings: BookingQuerySet, slot_id: int) -> Booking | None:
    """Of these the one in this slot, else one that was made for it and is elsewhere now."""
    return bookings.filter(slot=slot_id).first() or _moved_from(bookings, slot_id).first()


def _moved_from(bookings: BookingQuerySet, slot_id: int) -> BookingQuerySet:
    """Those that were made for this slot and are elsewhere now, with the same TA."""
    slot = TimeSlot.objects.filter(pk=slot_id, appointment__ta=OuterRef("booking__ta"))
    made_for_it = BookingEvent.objects.filter(
        booking=OuterRef("pk"),
        kind=BookingEvent.Kind.MADE,
        new_starts_at=Subquery(slot.values("starts_at")),
    )
    return bookings.filter(Exists(made_for_it), ~Q(slot=slot_id), moved_at__isnull=False)


def upcoming_bookings_of(ta: User, topic: Topic) -> int:
    """How many bookings of this topic the TA still has before them."""
    now = timezone.now()
    return Booking.objects.of_ta(ta.pk).filter(topic=topic).upcoming(now).count()


def has_history(topic: Topic) -> bool:
    """Whether anybody ever booked this topic, or asked for time on it."""
    booked = Booking.objects.filter(topic=topic).exists()
    return booked or HelpRequest.objects.filter(topic=topic).exists()


def ahead_of(user: User) -> tuple[int, int]:
    """How many bookings, taken and given, and how many sessions somebody has before them."""
    now = timezone.now()
    sessions = Appointment.objects.of(user.pk).open().filter(starts_at__gt=now)
    return Booking.objects.of(user.pk).upcoming(now).count(), sessions.count()
