"""The history that a booking would have, had it been made and closed through the services."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.models import User
from scheduling.models import Booking, BookingEvent

Status = Booking.Status
Kind = BookingEvent.Kind


def events_of(booking: Booking) -> Iterator[BookingEvent]:
    """What happened to it, in order, not stored yet; its status and times tell."""

    def event(kind: Kind, actor: User | None, at: datetime, detail: str = "") -> BookingEvent:
        return BookingEvent(booking=booking, kind=kind, actor=actor, created_at=at, detail=detail)

    yield event(Kind.MADE, booking.student, booking.created_at)
    if booking.checked_in_at is not None:
        yield event(Kind.CHECKED_IN, booking.student, booking.checked_in_at)
    if booking.status == Status.CANCELLED:
        at = booking.cancelled_at or booking.created_at
        yield event(Kind.CANCELLED, booking.cancelled_by, at, booking.cancel_reason)
    elif booking.status in (Status.COMPLETED, Status.NO_SHOW):
        yield event(Kind(booking.status), booking.ta, booking.ends_at + timedelta(minutes=5))
