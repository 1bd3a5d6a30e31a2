"""The calendar's part of the sweep: reminders that are due, bookings that are over."""

from functools import partial

from django.utils import timezone

from scheduling.models import Booking, reminders
from scheduling.services import bookings
from setahub.core.work.tasks import every_minute, one_by_one

BATCH = 500  # at once; the next sweep does the rest


@every_minute
def remind() -> None:
    """Queue the reminders that have come due since the last sweep, each once."""
    now = timezone.now()
    for which in reminders.Reminder:
        slots = Booking.objects.to_remind(which, now).order_by("starts_at").values_list("slot")
        due = list(dict.fromkeys(slot_id for (slot_id,) in slots[:BATCH]))
        one_by_one(due, partial(bookings.remind, which=which))


@every_minute
def complete() -> None:
    """Complete bookings that ended a day ago, unless the student reported an absent TA."""
    over = Booking.objects.overdue(timezone.now()).order_by("starts_at")
    one_by_one(list(over[:BATCH]), bookings.complete_overdue)
