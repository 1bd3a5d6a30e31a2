"""What tests of offers do and read."""

from datetime import timedelta

from scheduling.models import (
    Offer,
)
from scheduling.services import bookings

MINUTE = timedelta(minutes=1)


def offered(slot):
    """Whom its seats were offered, in that order, and what became of it."""
    rows = Offer.objects.filter(slot=slot).order_by("pk").select_related("student")
    return [(each.student.username, each.status) for each in rows]


def cancel(booking):
    bookings.cancel(booking, booking.student, "I am ill")


def freed_now(booking, run_tasks):
    cancel(booking)
    run_tasks()
    return booking.slot
