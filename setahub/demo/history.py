"""The history that a booking would have, had it been made and closed through the services."""

from collections.abc import Iterator
from datetime import timedelta

from scheduling.models import Booking, BookingEvent

Status = Booking.Status
Kind = BookingEvent.Kind


def events_of(booking: Booking) -> Iterator[BookingEvent]:
    """What happened to it, in order, not stored yet; its status and times tell."""
    yield BookingEvent(
        booking=booking, kind=Kind.MADE, actor=booking.student, created_at=booking.created_at
    )
    if booking.checked_in_at is not None:
        yield BookingEvent(
            booking=booking,
            kind=Kind.CHECKED_IN,
            actor=booking.student,
            created_at=booking.checked_in_at,
        )
    if booking.status == Status.CANCELLED:
        yield BookingEvent(
            booking=booking,
            kind=Kind.CANCELLED,
            actor=booking.cancelled_by,
            detail=booking.cancel_reason,
            created_at=booking.cancelled_at or booking.created_at,
        )
    elif booking.status in (Status.COMPLETED, Status.NO_SHOW):
        yield BookingEvent(
            booking=booking,
            kind=Kind(booking.status),
            actor=booking.ta,
            created_at=booking.ends_at + timedelta(minutes=5),
        )
