"""Who is told by email of what happens to bookings. Services call this inside their transaction."""

from collections.abc import Sequence

from scheduling import tasks
from scheduling.models import Booking, BookingEvent
from scheduling.reminders import Reminder
from setahub.lib.tasks import later

Kind = BookingEvent.Kind


def happened(event: BookingEvent) -> None:
    """A booking's history has gained this line.

    What the TA changed in a session is told to those who come; the rest to both.
    """
    booking = event.booking
    readers = {
        Kind.MADE: [booking.student_id, booking.ta_id],
        Kind.MOVED: [booking.student_id, booking.ta_id],
        Kind.CANCELLED: [booking.student_id, booking.ta_id],
        Kind.CHANGED: [booking.student_id],
    }
    for reader_id in readers.get(Kind(event.kind), []):
        later(tasks.tell, event.pk, reader_id)


def due(slot_id: int, bookings: Sequence[Booking], which: Reminder) -> None:
    """A reminder has come due for these bookings of a slot: one for each student, one for the TA."""
    for booking in bookings:
        later(tasks.remind_student, booking.pk, which.value)
    if bookings:
        later(tasks.remind_ta, slot_id, which.value)
