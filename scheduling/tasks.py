"""Emails about bookings, what remains of them, offers and requests, as tasks. Each goes to one person."""

from collections.abc import Callable
from datetime import date

from django.utils import timezone

from accounts.models import MailKind, User
from accounts.notifications import write_to
from accounts.services.languages import reading
from scheduling import after_emails, calendars, emails
from scheduling.models import (
    Booking,
    BookingEvent,
    Offer,
    PlaceInLine,
    Takeaway,
    Thanks,
    TimeSlot,
)
from scheduling.models.reminders import Reminder
from scheduling.queries.free import is_free
from scheduling.queries.obstacles import unhindered
from scheduling.queries.waiting import asked_until
from setahub.core.mail import Email
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


# --- What remains of a session ------------------------------------------------------------------


@task
def tell_takeaway(takeaway_id: int) -> None:
    """The student, what the TA has left."""
    rows = Takeaway.objects.select_related("booking__student", "booking__ta", "booking__topic")
    takeaway = rows.filter(pk=takeaway_id).first()
    if takeaway is not None:
        student = takeaway.booking.student
        with reading(student):
            email = after_emails.takeaway(takeaway)
            write_to(student, MailKind.BOOKINGS, email, key=f"takeaway-{takeaway.booking_id}")


@task
def tell_thanks(booking_id: int) -> None:
    """The TA, in whose words the student thanks."""
    said = Thanks.objects.said().select_related("booking__student", "booking__ta", "booking__topic")
    thanks = said.filter(booking=booking_id).first()
    if thanks is not None:
        ta = thanks.booking.ta
        with reading(ta):
            email = after_emails.thanks(thanks.booking, thanks.text)
            write_to(ta, MailKind.TEACHING, email, key=f"thanks-{booking_id}")


@task
def tell_guesses(booking_id: int) -> None:
    """Tell the TA that somebody enters wrong codes for this booking."""
    booking = Booking.objects.with_people().filter(pk=booking_id).first()
    if booking is not None:
        key = f"guesses-{booking.pk}-{timezone.now():%Y%m%d%H}"
        with reading(booking.ta):
            write_to(booking.ta, MailKind.BOOKINGS, emails.guesses(booking), key=key)


# --- Waiting for time ---------------------------------------------------------------------------


@task
def tell_offer(offer_id: int) -> None:
    """That a seat is held, as long as it is."""
    offer = _offer(offer_id)
    if offer is not None and offer.stands():
        _write_about(offer, emails.offered)


@task
def tell_passed_on(offer_id: int) -> None:
    """That an offer ran out."""
    offer = _offer(offer_id)
    if offer is not None and offer.status == Offer.Status.EXPIRED:
        _write_about(offer, emails.passed_on)


@task
def tell_withdrawn(offer_id: int) -> None:
    """That the time itself is gone."""
    offer = _offer(offer_id)
    if offer is not None and offer.status == Offer.Status.WITHDRAWN:
        _write_about(offer, emails.no_longer_offered)


@task
def tell_free_time(slot_id: int, place_id: int) -> None:
    """That there is time too soon to be held, as long as it is free and nothing is in the way."""
    place = _place(place_id)
    slot = TimeSlot.objects.with_ta().filter(pk=slot_id).first()
    if place is None or slot is None or not is_free(slot.pk, place.request.topic_id):
        return
    if not unhindered([place.person_id], slot):
        return
    with reading(place.person):
        email = emails.free_time(slot, place.request)
        write_to(place.person, MailKind.BOOKINGS, email, key=f"free-{slot.pk}")


@task
def tell_runs_out(place_id: int) -> None:
    """That tomorrow is the last day, of whoever still waits."""
    place = _place(place_id)
    if place is not None:
        with reading(place.person):
            email = emails.runs_out(place.request)
            write_to(place.person, MailKind.BOOKINGS, email, key=f"runs-out-{place.pk}")


@task
def tell_gone(place_id: int) -> None:
    """That what somebody waited for is gone for them."""
    gone = PlaceInLine.objects.filter(pk=place_id, end=PlaceInLine.End.GONE)
    place = gone.select_related("person", "request__topic").first()
    if place is not None:
        with reading(place.person):
            email = emails.gone(place)
            write_to(place.person, MailKind.BOOKINGS, email, key=f"gone-{place.pk}")


@task
def tell_new_requests(ta_id: int, day: str) -> None:
    """What was asked on a TA's topics in the day until then (``YYYY-MM-DD``, 18:00), if anything."""
    ta = User.objects.active().filter(pk=ta_id).first()
    asked = list(asked_until(ta_id, date.fromisoformat(day)))
    if ta is not None and asked:
        with reading(ta):
            write_to(ta, MailKind.TEACHING, emails.digest(asked), key=f"requests-{day}")


def _offer(offer_id: int) -> Offer | None:
    rows = Offer.objects.select_related(
        "student", "place", "request__topic", "slot__appointment__ta"
    )
    return rows.filter(pk=offer_id).first()


def _place(place_id: int) -> PlaceInLine | None:
    waiting = PlaceInLine.objects.waiting().select_related("person", "request__topic")
    return waiting.filter(pk=place_id).first()


def _write_about(offer: Offer, words: Callable[[Offer], Email]) -> None:
    with reading(offer.student):
        key = f"offer-{offer.pk}-{offer.status}"
        write_to(offer.student, MailKind.BOOKINGS, words(offer), key=key)
