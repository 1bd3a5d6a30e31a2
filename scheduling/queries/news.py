"""What happened to bookings: what is told of it, and what others did lately to somebody's."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from scheduling.models import Booking, BookingEvent
from setahub.core.db.prepared import padded, prepared
from setahub.policy.current import LONGEST_SESSION

WEEK = timedelta(days=7)


def latest_news(user_id: int, now: datetime, most: int) -> Sequence[BookingEvent]:
    """What others did this week to coming or just cancelled bookings, newest first. Two queries."""
    since = now - WEEK
    ids = sorted(_bookings_lately(user_id, now, since, since - LONGEST_SESSION))
    return _events(padded(ids), since, user_id)[:most] if ids else []


def events_told(ids: Collection[int]) -> list[BookingEvent]:
    """These events with what is told of them, soonest first. One query, if there are any."""
    return list(_told(padded(sorted(ids)))) if ids else []


@prepared
def _told(ids: tuple[int, ...]) -> "QuerySet[BookingEvent]":
    return BookingEvent.objects.with_booking().filter(pk__in=ids).order_by("starts_at", "pk")


@prepared
def _events(ids: tuple[int, ...], since: datetime, user: int) -> "QuerySet[BookingEvent]":
    return (
        BookingEvent.objects.filter(booking__id__in=ids, created_at__gte=since)
        .exclude(actor=user)
        .select_related("actor", "booking__topic", "booking__ta")
        .order_by("-created_at", "-pk")
    )


@prepared
def _bookings_lately(
    user: int, now: datetime, since: datetime, begun: datetime
) -> "QuerySet[Booking, int]":
    """Ids of coming and lately cancelled bookings, taken and given."""
    live = Q(status=Booking.Status.BOOKED, ends_at__gt=now)
    lost = Q(status=Booking.Status.CANCELLED, cancelled_at__gte=since, ends_at__gt=since)
    # In parts that an index serves each; cancelled ones of a TA are found through the sessions.
    taken = Booking.objects.of_student(user).filter(live | lost)
    given = Booking.objects.of_ta(user).filter(live)
    missed = Booking.objects.filter(
        lost, slot__appointment__ta=user, slot__appointment__starts_at__gt=begun
    )
    ids = taken.values_list("pk", flat=True)
    return ids.union(*(rows.values_list("pk", flat=True) for rows in (given, missed)))
