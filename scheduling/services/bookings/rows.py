"""The row of a booking under its locks, and its history."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from scheduling import notifications
from scheduling.models import Booking, BookingEvent
from scheduling.signals import booking_changed
from setahub.core import clock
from setahub.core.web.own import Told, told


def locked(booking: Booking) -> Booking:
    """The booking as it is now, its people's rows and its own locked."""
    User.objects.locked(booking.student_id, booking.ta_id)
    return (
        Booking.objects.with_people()
        .select_for_update(of=("self",), no_key=True)
        .get(pk=booking.pk)
    )


def revise(booking: Booking) -> None:
    """What calendars have of the booking is out of date from now on."""
    booking.sequence += 1
    booking.revised_at = timezone.now()


def record(booking: Booking, kind: str, actor: User | None, **more: Any) -> None:
    """A line of its history with the booking as it is now; ``more``: other fields of the event."""
    event = BookingEvent.objects.create(
        booking=booking,
        kind=kind,
        actor=actor,
        sequence=booking.sequence,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        place=booking.slot.appointment.location,
        **more,
    )
    notifications.happened(event)
    booking_changed.send(Booking, event=event)


def describe(booking: Booking) -> Told:
    """A booking as a refusal names it: ``สมชาย, Wed 25 Nov, 13:30``."""
    name, time = booking.student.username, clock.full(booking.starts_at)
    return told("%(name)s, %(time)s", {"name": name}, time=time)
