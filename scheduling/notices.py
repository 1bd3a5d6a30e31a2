"""The kinds of notices about bookings, offers and requests."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import MailKind, Notice, User
from accounts.services.kinds import Kind, Letter, each, register
from scheduling import calendars, emails
from scheduling.models import (
    Booking,
    BookingEvent,
    BusyCalendar,
    Dispute,
    Offer,
    PlaceInLine,
    Takeaway,
    Thanks,
    TimeSlot,
)
from scheduling.models.reminders import Reminder
from scheduling.queries.free import is_free
from scheduling.queries.news import events_told
from scheduling.queries.obstacles import unhindered
from scheduling.queries.waiting import asked_until
from setahub.core.mail import Email

# --- What happened to bookings ------------------------------------------------------------------

Events = list[BookingEvent]  # of one kind, that one act made happen at once, soonest first


def events_of(notices: Sequence[Notice]) -> Mapping[int, Events]:
    ids = {pk for notice in notices for pk in notice.data["events"]}
    found = events_told(ids)
    events = {
        notice.pk: [row for row in found if row.pk in notice.data["events"]] for notice in notices
    }
    return {pk: some for pk, some in events.items() if some}


def words(events: Events, reader: User) -> Email:
    one = len(events) == 1
    return emails.about(events[0], reader) if one else emails.about_several(events, reader)


def letter(events: Events, reader: User) -> Letter | None:
    """What is still so, with the entries for the reader's calendar."""
    news = [event for event in events if emails.is_news(event)]
    if not news:
        return None
    email = words(news, reader)
    if len(news) == 1:
        email = emails.with_times_instead(email, news[0], reader)
    return Letter(email, [calendars.invitation(event, reader) for event in news])


# --- Reminders ----------------------------------------------------------------------------------

Reminded = tuple[Booking, Reminder]
Coming = tuple[list[Booking], Reminder]  # all who have booked one slot; at least one


def reminded(notices: Sequence[Notice]) -> Mapping[int, Reminded]:
    bookings = each("booking", Booking.objects.with_people)(notices)
    return {
        notice.pk: (bookings[notice.pk], Reminder(notice.data["which"]))
        for notice in notices
        if notice.pk in bookings
    }


def reminder(matter: Reminded, reader: User) -> Letter | None:
    """Unless the booking was cancelled or moved since, or has begun."""
    booking, which = matter
    due = Booking.objects.reminded(which, timezone.now())
    return Letter(emails.reminder(booking)) if due.filter(pk=booking.pk).exists() else None


def coming(notices: Sequence[Notice]) -> Mapping[int, Coming]:
    slots = {notice.data["slot"] for notice in notices}
    rows = list(Booking.objects.with_people().filter(slot__in=slots).order_by("pk"))
    found = {}
    for notice in notices:
        booked = [row for row in rows if row.slot_id == notice.data["slot"]]
        active = [row for row in booked if row.status != Booking.Status.CANCELLED]
        if booked:
            found[notice.pk] = (active or booked, Reminder(notice.data["which"]))
    return found


def who_comes(matter: Coming, reader: User) -> Email:
    return emails.reminder_for_ta(matter[0][0].slot, matter[0])


def reminder_for_ta(matter: Coming, reader: User) -> Letter | None:
    """Who still comes at this time, in one letter."""
    bookings, which = matter
    due = Booking.objects.reminded(which, timezone.now())
    ids = set(due.filter(slot=bookings[0].slot_id).values_list("pk", flat=True))
    still = [booking for booking in bookings if booking.pk in ids]
    return Letter(emails.reminder_for_ta(still[0].slot, still)) if still else None


# --- What remains of a session ------------------------------------------------------------------


def takeaways() -> "QuerySet[Takeaway]":
    return Takeaway.objects.select_related("booking__student", "booking__ta", "booking__topic")


def said() -> "QuerySet[Thanks]":
    """Those that are still said in words."""
    return Thanks.objects.said().select_related("booking__student", "booking__ta", "booking__topic")


def thanked(thanks: Thanks, reader: User) -> Email:
    return emails.thanks(thanks.booking, thanks.text)


def disputes() -> "QuerySet[Dispute]":
    people = ("booking__student", "booking__ta", "booking__topic")
    return Dispute.objects.exclude(decision="").select_related(*people)


def missed(booking: Booking, reader: User) -> Letter | None:
    """Unless the TA has said since that the student came."""
    missed = booking.status == Booking.Status.NO_SHOW
    return Letter(emails.missed(booking)) if missed else None


def reported(booking: Booking, reader: User) -> Letter | None:
    """Unless the student has taken it back, or staff have settled it."""
    waits = booking.ta_absent_at is not None and not booking.ta_was_absent
    return Letter(emails.reported(booking)) if waits else None


# --- Calendars of one's own ---------------------------------------------------------------------


def unreadable() -> "QuerySet[BusyCalendar]":
    return BusyCalendar.objects.exclude(told_at=None)


# --- Waiting for time ---------------------------------------------------------------------------


def offers() -> "QuerySet[Offer]":
    return Offer.objects.select_related(
        "student", "place", "request__topic", "slot__appointment__ta"
    )


def offered(offer: Offer, reader: User) -> Letter | None:
    """As long as the seat is held."""
    return Letter(emails.offered(offer)) if offer.stands() else None


def places() -> "QuerySet[PlaceInLine]":
    return PlaceInLine.objects.select_related("person", "request__topic")


FreeTime = tuple[TimeSlot, PlaceInLine]


def free_times(notices: Sequence[Notice]) -> Mapping[int, FreeTime]:
    slots = each("slot", TimeSlot.objects.with_ta)(notices)
    waiting = each("place", places)(notices)
    return {pk: (slots[pk], waiting[pk]) for pk in slots.keys() & waiting.keys()}


def free_time(matter: FreeTime, reader: User) -> Email:
    slot, place = matter
    return emails.free_time(slot, place.request)


def free_time_letter(matter: FreeTime, reader: User) -> Letter | None:
    """As long as it is free, waited for, and nothing is in the way."""
    slot, place = matter
    free = place.ended_at is None and is_free(slot.pk, place.request.topic_id)
    able = free and unhindered([place.person_id], slot)
    return Letter(free_time(matter, reader)) if able else None


def last_day(place: PlaceInLine, reader: User) -> Email:
    return emails.runs_out(place.request)


def last_day_letter(place: PlaceInLine, reader: User) -> Letter | None:
    """Of whoever still waits."""
    return Letter(last_day(place, reader)) if place.ended_at is None else None


def asked(notices: Sequence[Notice]) -> Mapping[int, dict[str, Any]]:
    """How many questions of which day: what the words need is all in the notice."""
    return {notice.pk: notice.data for notice in notices}


def new_requests(matter: dict[str, Any], reader: User) -> Email:
    return emails.new_requests(matter["count"])


def digest(matter: dict[str, Any], reader: User) -> Letter | None:
    """What was asked on a TA's topics in the day until then, if it still is."""
    requests = list(asked_until(reader.pk, date.fromisoformat(matter["day"])))
    return Letter(emails.digest(requests)) if requests else None


# --- All of them --------------------------------------------------------------------------------

TOLD = ("made", "moved", "changed", "cancelled")  # kinds of events
booking, dispute = each("booking", Booking.objects.with_people), each("dispute", disputes)
takeaway, calendar = each("takeaway", takeaways), each("calendar", unreadable)
offer, place = each("offer", offers), each("place", places)
thanks = each("booking", said, by="booking_id")
register(
    *(Kind(f"booking_{what}", MailKind.BOOKINGS, events_of, words, letter) for what in TOLD),
    Kind("guesses", MailKind.BOOKINGS, booking, lambda one, _: emails.guesses(one)),
    Kind("missed", MailKind.BOOKINGS, booking, lambda one, _: emails.missed(one), missed),
    Kind("reported", MailKind.BOOKINGS, booking, lambda one, _: emails.reported(one), reported),
    Kind("report_settled", MailKind.BOOKINGS, booking, lambda one, _: emails.report_settled(one)),
    Kind("decided", MailKind.BOOKINGS, dispute, lambda one, _: emails.decided(one)),
    Kind("takeaway", MailKind.BOOKINGS, takeaway, lambda one, _: emails.takeaway(one)),
    Kind(
        "reminder", MailKind.REMINDERS, reminded, lambda one, _: emails.reminder(one[0]), reminder
    ),
    Kind("reminder_for_ta", MailKind.REMINDERS, coming, who_comes, reminder_for_ta),
    Kind("calendar", MailKind.REMINDERS, calendar, lambda one, _: emails.calendar_fails(one)),
    Kind("thanks", MailKind.TEACHING, thanks, thanked),
    Kind("new_requests", MailKind.TEACHING, asked, new_requests, digest),
    Kind("offer_made", MailKind.WAITING, offer, lambda one, _: emails.offered(one), offered),
    Kind("offer_passed_on", MailKind.WAITING, offer, lambda one, _: emails.passed_on(one)),
    Kind("offer_withdrawn", MailKind.WAITING, offer, lambda one, _: emails.no_longer_offered(one)),
    Kind("free_time", MailKind.WAITING, free_times, free_time, free_time_letter),
    Kind("request_runs_out", MailKind.WAITING, place, last_day, last_day_letter),
    Kind("request_gone", MailKind.WAITING, place, lambda one, _: emails.gone(one)),
)
