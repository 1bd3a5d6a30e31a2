"""How bookings went: what waits for the staff, and what they have said."""

from collections.abc import Collection

from django.db.models import F

from scheduling.models import Booking, BookingEvent
from scheduling.models.bookings import BookingQuerySet

Kind = BookingEvent.Kind


def reported_absent() -> BookingQuerySet:
    """Those whose student reported that the TA did not come, whatever the TA says: staff decide."""
    return Booking.objects.kept().filter(ta_absent_at__isnull=False)


def said_by_staff(bookings: Collection[int]) -> set[int]:
    """Ids of those of which the staff have said how they went. One query."""
    said = BookingEvent.objects.filter(
        booking__in=bookings, kind__in=[Kind.COMPLETED, Kind.NO_SHOW], actor__isnull=False
    )
    by_others = said.exclude(actor=F("booking__ta")).exclude(actor=F("booking__student"))
    return set(by_others.order_by().values_list("booking", flat=True))
