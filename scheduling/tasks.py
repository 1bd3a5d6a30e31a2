"""Emails about bookings, as tasks. Each goes to one person."""

from django.utils import timezone

from accounts.models import MailKind, User
from accounts.notifications import write_to
from accounts.services.languages import reading
from scheduling import calendars, emails
from scheduling.models import Booking, BookingEvent, TimeSlot
from scheduling.models.reminders import Reminder
from setahub.core.work.tasks import task


@task
def tell(event_id: int, reader_id: int) -> None:
    """What happened to a booking, with the entry for the reader's calendar."""
    reader = User.objects.filter(pk=reader_id).first()
    if reader is None:
        return
    with reading(
        reader
    ):  # what is read from the database has words too: how the deleted are called
        event = BookingEvent.objects.with_booking().filter(pk=event_id).first()
        if event is None or not emails.is_news(event, reader):
            return
        write_to(
            reader,
            MailKind.BOOKINGS,
            emails.about(event, reader),
            key=f"booking-{event.booking_id}-{event.pk}",
            attachments=[calendars.invitation(event, reader)],
        )


@task
def tell_several(reader_id: int, *event_ids: int) -> None:
    """What happened to several bookings at once, all of one kind, in one letter."""
    reader = User.objects.filter(pk=reader_id).first()
    if reader is None:
        return
    rows = BookingEvent.objects.with_booking().filter(pk__in=event_ids).order_by("starts_at", "pk")
    with reading(reader):
        events = [event for event in rows if emails.is_news(event, reader)]
        if not events:
            return
        write_to(
            reader,
            MailKind.BOOKINGS,
            emails.about(events[0], reader)
            if len(events) == 1
            else emails.about_several(events, reader),
            key=f"bookings-{min(event_ids)}-{max(event_ids)}",
            attachments=[calendars.invitation(event, reader) for event in events],
        )


@task
def remind_student(booking_id: int, reminder: str) -> None:
    """Unless the booking was cancelled or moved since this was queued, or has begun."""
    which = Reminder(reminder)
    booking = (
        Booking.objects.reminded(which, timezone.now()).with_people().filter(pk=booking_id).first()
    )
    if booking is not None:
        key = f"reminder-{which.value}-{booking.pk}-{booking.starts_at:%Y%m%d%H%M}"
        with reading(booking.student):
            write_to(booking.student, MailKind.REMINDERS, emails.reminder(booking), key=key)


@task
def remind_ta(slot_id: int, reminder: str) -> None:
    """Tell the TA who still comes at this time."""
    which = Reminder(reminder)
    due = Booking.objects.reminded(which, timezone.now()).with_people().filter(slot=slot_id)
    bookings = list(due.order_by("pk"))
    if bookings:
        slot: TimeSlot = bookings[0].slot
        key = f"reminder-{which.value}-slot-{slot.pk}-{slot.starts_at:%Y%m%d%H%M}"
        ta = bookings[0].ta
        with reading(ta):
            write_to(ta, MailKind.REMINDERS, emails.reminder_for_ta(slot, bookings), key=key)
