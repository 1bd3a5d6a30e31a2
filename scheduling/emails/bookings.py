"""What emails about bookings say, to one of the booking's two people."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from scheduling import history
from scheduling.calendars import Revision, after, current
from scheduling.history import IMPERSONAL_CAUSES, actor_name, impersonal_reason, is_of_staff
from scheduling.models import Booking, BookingEvent, TimeSlot
from scheduling.queries.bookings import offers_other_times, times_instead
from setahub.core import clock
from setahub.core.mail import Email
from setahub.core.web.own import told, typed

Kind = BookingEvent.Kind


def about(event: BookingEvent, reader: User) -> Email:
    """What a line of the booking's history means for the reader.

    The event has its actor and its booking with people loaded.
    """
    booking, then = event.booking, after(event)
    other = booking.other_than(reader)
    subject, lead = _words(event, reader)
    words = {
        "topic": booking.topic.name,
        "name": other.username,
        "time": clock.full(then.starts_at),
    }
    old = clock.full(event.old_starts_at) if event.old_starts_at else ""
    return Email(
        subject=subject % words,
        lead=[_acted(event, lead, old=old)],
        facts=_facts(booking, then, reader),
        quotes=_quotes(event, reader),
        action=_action(booking, then, reader),
    )


def with_times_instead(email: Email, event: BookingEvent, reader: User) -> Email:
    """The same with the times that may be had instead, after a cancellation. Asks the database."""
    return replace(
        email,
        offer=_("Another time, booked with your question in two taps:"),
        choices=_other_times(event.booking, after(event), reader),
    )


def is_news(event: BookingEvent) -> bool:
    """Whether it is worth a letter by now.

    What was made, moved or changed and then cancelled is told by the cancellation alone.
    """
    return event.kind == Kind.CANCELLED or event.booking.status != Booking.Status.CANCELLED


def about_several(events: Sequence[BookingEvent], reader: User) -> Email:
    """The same of several bookings that one act changed or cancelled, soonest first."""
    first = events[0]
    words = {"count": len(events), "time": clock.full(after(first).starts_at)}
    if first.kind == Kind.CANCELLED:
        subject = _("Cancelled: %(count)d bookings, the first %(time)s") % words
        why = impersonal_reason(first, len(events)) if first.cause in IMPERSONAL_CAUSES else ""
        lead = _sentence(why) if why else _cancelled_by(first, reader)
    else:
        subject = _("Changed: %(count)d bookings, the first %(time)s") % words
        lead = _acted(first, _("%(name)s changed these sessions."))
    quotes = list(dict.fromkeys(quote for event in events for quote in _quotes(event, reader)))
    return Email(
        subject=subject,
        lead=[lead],
        facts=[_row(event, reader) for event in events],
        quotes=quotes,
        action=(_("See your bookings"), reverse("scheduling:bookings"))
        if reader.pk == first.booking.student_id
        else (_("See your sessions"), reverse("scheduling:appointments")),
        offer=_("Another time for each, booked with your question in two taps:"),
        choices=[
            (_row(event, reader)[0], reverse("scheduling:booking_rebook", args=[event.booking_id]))
            for event in events
            if event.booking.was_taken_away and reader.pk == event.booking.student_id
        ],
    )


def _cancelled_by(event: BookingEvent, reader: User) -> str:
    if event.actor_id == reader.pk:
        return _("You cancelled these bookings.")
    return _acted(event, _("%(name)s cancelled these bookings."))


def _acted(event: BookingEvent, words: str, **others: str) -> str:
    """Words with the name of who did it: one of the two people, or for a cancellation perhaps the
    faculty's staff."""
    name = {"name": actor_name(event)}
    return words % {**name, **others} if is_of_staff(event) else told(words, name, **others)


def _row(event: BookingEvent, reader: User) -> tuple[str, str]:
    """A booking among several: its time, and what it is about with whom."""
    booking = event.booking
    names = {"topic": booking.topic.name, "name": booking.other_than(reader).username}
    return when(after(event))[1], told(_("%(topic)s with %(name)s"), names)


def reminder(booking: Booking) -> Email:
    """For the student, some time before."""
    words = {
        "topic": booking.topic.name,
        "name": booking.ta.username,
        "time": clock.full(booking.starts_at),
    }
    lead = [_begins(booking.starts_at)]
    if not booking.is_late_to_change(timezone.now()):
        lead.append(
            _("If you can't come, please move or cancel it, so that somebody else gets the time.")
        )
    return Email(
        subject=_("%(time)s: %(topic)s with %(name)s") % words,
        lead=lead,
        facts=_facts(booking, current(booking), booking.student),
        quotes=[*_question(booking, booking.student), *_notes(booking, booking.student)],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def reminder_for_ta(slot: TimeSlot, bookings: list[Booking]) -> Email:
    """For the TA: all who come at this time, in one letter."""
    names = ", ".join(booking.student.username for booking in bookings)
    time = current(bookings[0])
    return Email(
        subject=_("%(time)s: you help %(names)s")
        % {"time": clock.full(slot.starts_at), "names": names},
        lead=[_begins(slot.starts_at)],
        facts=[when(time), _place(time)],
        quotes=[
            (
                told(
                    _("%(topic)s, %(name)s"),
                    {"topic": booking.topic.name, "name": booking.student.username},
                ),
                booking.question,
            )
            for booking in bookings
        ],
        action=(_("See the session"), slot.appointment.get_absolute_url()),
    )


# --- Words --------------------------------------------------------------------------------------


def _words(event: BookingEvent, reader: User) -> tuple[str, str]:
    """A subject (of ``topic``, ``name``, ``time``) and a first line (of ``name``, ``old``)."""
    own = event.actor_id == reader.pk
    kind = Kind(event.kind)
    if kind == Kind.MADE and own:
        return (
            _("Booked: %(topic)s with %(name)s, %(time)s"),
            _("Your booking is made. See you there!"),
        )
    if kind == Kind.MADE:
        return (
            _("%(name)s booked you: %(topic)s, %(time)s"),
            _("%(name)s booked a time with you."),
        )
    if kind == Kind.MOVED:
        return (
            _("Moved to %(time)s: %(topic)s with %(name)s"),
            _("You moved this booking. It was %(old)s before.")
            if own
            else _("%(name)s moved this booking. It was %(old)s before."),
        )
    if kind == Kind.CHANGED:
        return (_("Changed: %(topic)s with %(name)s, %(time)s"), _("%(name)s changed the session."))
    if event.booking.ta_was_absent:
        return (
            _("Decided: %(topic)s with %(name)s, %(time)s"),
            _("The faculty's staff found that you did not come.")
            if reader.pk == event.booking.ta_id
            else _("The faculty's staff found that your TA did not come."),
        )
    if event.cause in IMPERSONAL_CAUSES:
        lead = _sentence(impersonal_reason(event)).replace("%", "%%")
        return (_("Cancelled: %(topic)s with %(name)s, %(time)s"), lead)
    return (
        _("Cancelled: %(topic)s with %(name)s, %(time)s"),
        _("You cancelled this booking.") if own else _("%(name)s cancelled this booking."),
    )


def _sentence(words: str) -> str:
    """Not every language ends one with a full stop."""
    return pgettext("a whole sentence", "%(words)s.") % {"words": words}


def _begins(moment: datetime) -> str:
    """Without today or tomorrow: nobody knows on which day it is read."""
    return _("A reminder: this begins on %(day)s at %(time)s.") % {
        "day": clock.day_long(moment),
        "time": clock.time_of_day(moment),
    }


# --- On the day ---------------------------------------------------------------------------------


def guesses(booking: Booking) -> Email:
    """For a TA: wrong codes were entered for this booking, too many to be slips."""
    words = {"name": booking.student.username, "time": clock.full(booking.starts_at)}
    return Email(
        subject=_("Wrong check-in codes for %(name)s, %(time)s") % words,
        lead=[
            _("Too many wrong codes were entered for this booking. More are refused for a while."),
            _("If the student is with you, you can say that it took place without a code."),
        ],
        facts=_facts(booking, current(booking), booking.ta),
        action=(_("See the booking"), booking.get_absolute_url()),
    )


# --- Parts --------------------------------------------------------------------------------------


def _facts(booking: Booking, then: Revision, reader: User) -> list[tuple[str, str]]:
    as_student = reader.pk == booking.student_id
    return [
        when(then),
        *([_place(then)] if _tells_room(booking, then, reader) else []),
        (_("Topic"), typed(booking.topic.name)),
        (_("TA"), typed(booking.ta.username))
        if as_student
        else (_("Student"), typed(booking.student.username)),
    ]


def when(then: Revision | TimeSlot) -> tuple[str, str]:
    """A fact: from when to when, with the zone."""
    words = {
        "time": clock.full_range(then.starts_at, then.ends_at),
        "zone": clock.zone_name(then.starts_at),
    }
    return _("When"), _("%(time)s (%(zone)s)") % words


def _place(then: Revision) -> tuple[str, str]:
    return _("Where"), typed(then.place)


def _tells_room(booking: Booking, then: Revision, reader: User) -> bool:
    """Not of what is cancelled, nor of what was cancelled since: letters may be late."""
    return not then.cancelled and booking.shows_room_to(reader.pk)


def _quotes(event: BookingEvent, reader: User) -> list[tuple[str, str]]:
    booking = event.booking
    if event.kind == Kind.CANCELLED:
        why = "" if event.cause in IMPERSONAL_CAUSES else history.words(event)
        return [(_("Why"), why)] if why else []
    if event.kind == Kind.CHANGED:
        return [(_("What changed"), history.words(event))]
    return [*_question(booking, reader), *_notes(booking, reader)]


def _question(booking: Booking, reader: User) -> list[tuple[str, str]]:
    if reader.pk == booking.student_id:
        return [(_("What you need help with"), booking.question)]
    label = told(_("What %(name)s needs help with"), {"name": booking.student.username})
    return [(label, booking.question)]


def _notes(booking: Booking, reader: User) -> list[tuple[str, str]]:
    notes = booking.slot.appointment.notes if booking.shows_room_to(reader.pk) else ""
    return [(_("Notes on this session"), notes)] if notes else []


def _action(booking: Booking, then: Revision, reader: User) -> tuple[str, str]:
    if not then.cancelled or reader.pk != booking.student_id:
        return _("See the booking"), booking.get_absolute_url()
    if booking.was_taken_away:
        rebook = reverse("scheduling:booking_rebook", args=[booking.pk])
        return _("Find another time"), rebook
    return _("Find another time"), booking.topic.get_absolute_url()


def _other_times(booking: Booking, then: Revision, reader: User) -> list[tuple[str, str]]:
    """The times that may be had instead, each with the page that confirms it."""
    if not then.cancelled or reader.pk != booking.student_id or not offers_other_times(booking):
        return []
    own, others = times_instead(booking)
    rebook = reverse("scheduling:booking_rebook", args=[booking.pk])
    return [
        (
            told(
                _("%(time)s with %(name)s"),
                {"name": slot.appointment.ta.username},
                time=clock.full(slot.starts_at),
            ),
            f"{rebook}?slot={slot.pk}",
        )
        for slot in (*own, *others)
    ]
