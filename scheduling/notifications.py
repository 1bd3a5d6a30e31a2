"""Who is told of what happens to bookings and offers, where that is several, or several at once.

Services call this inside their transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import groupby

from django.utils import timezone

from accounts.services.notices import Happening, notify
from scheduling.models import Booking, BookingEvent, Dispute, Offer
from scheduling.models.reminders import Reminder

Kind = BookingEvent.Kind

_gathering: ContextVar[list[BookingEvent] | None] = ContextVar("gathering", default=None)


@contextmanager
def one_happening() -> Iterator[None]:
    """What happens to several bookings inside is told as one thing: one notice to each reader.

    Inside the transaction; nothing is told when it ends in an error.
    """
    if _gathering.get() is not None:
        yield
        return
    events: list[BookingEvent] = []
    token = _gathering.set(events)
    try:
        yield
    finally:
        _gathering.reset(token)
    _tell(events)


def happened(event: BookingEvent) -> None:
    """A booking's history has gained this line."""
    gathering = _gathering.get()
    if gathering is None:
        _tell([event])
    else:
        gathering.append(event)


def _tell(events: Sequence[BookingEvent]) -> None:
    """One notice for each reader of each kind of event."""
    by_id = {event.pk: event for event in events}
    wanted = [(reader, event.kind, event.pk) for event in events for reader in _readers(event)]
    groups = groupby(sorted(wanted), key=lambda each: each[:2])
    notify(
        *(
            _happening(reader, [by_id[pk] for _reader, _kind, pk in group])
            for (reader, _kind), group in groups
        )
    )


def _happening(reader: int, events: Sequence[BookingEvent]) -> Happening:
    first, last = events[0], events[-1]
    one = len(events) == 1
    return Happening(
        f"booking_{first.kind}",
        reader,
        f"booking-{first.booking_id}-{first.pk}" if one else f"bookings-{first.pk}-{last.pk}",
        {"events": [event.pk for event in events]},
        own=all(event.actor_id == reader for event in events),
    )


def _readers(event: BookingEvent) -> list[int]:
    """Ids of those who are told: the student, if the TA changed the session; otherwise both."""
    booking = event.booking
    readers = {
        Kind.MADE: [booking.student_id, booking.ta_id],
        Kind.MOVED: [booking.student_id, booking.ta_id],
        Kind.CANCELLED: [booking.student_id, booking.ta_id],
        Kind.CHANGED: [booking.student_id],
    }
    return readers.get(Kind(event.kind), [])


def due(slot_id: int, bookings: Sequence[Booking], which: Reminder) -> None:
    """A reminder has come due for these bookings of a slot: one for each student, one for the TA."""
    if not bookings:
        return
    start = f"{bookings[0].starts_at:%Y%m%d%H%M}"
    students = (
        Happening(
            "reminder",
            booking.student_id,
            f"reminder-{which.value}-{booking.pk}-{start}",
            {"booking": booking.pk, "which": which.value},
        )
        for booking in bookings
    )
    ta = Happening(
        "reminder_for_ta",
        bookings[0].ta_id,
        f"reminder-{which.value}-slot-{slot_id}-{start}",
        {"slot": slot_id, "which": which.value},
    )
    notify(*students, ta)


def guessed(booking: Booking) -> None:
    """Somebody enters wrong codes for this booking."""
    key = f"guesses-{booking.pk}-{timezone.now():%Y%m%d%H}"
    notify(Happening("guesses", booking.ta_id, key, {"booking": booking.pk}))


def missed(booking: Booking) -> None:
    """A TA says that the student did not come: the student can say otherwise."""
    notify(Happening("missed", booking.student_id, f"missed-{booking.pk}", {"booking": booking.pk}))


def reported(booking: Booking) -> None:
    """A student says that the TA did not come: the TA can say otherwise."""
    notify(Happening("reported", booking.ta_id, f"reported-{booking.pk}", {"booking": booking.pk}))


def report_settled(booking: Booking) -> None:
    """Staff have decided that the TA was there; where not, its cancellation tells."""
    data, moment = {"booking": booking.pk}, timezone.now()
    notify(
        *(
            Happening("report_settled", person, f"report-{booking.pk}-{moment:%Y%m%d%H%M%S}", data)
            for person in (booking.student_id, booking.ta_id)
        )
    )


def decided(dispute: Dispute) -> None:
    """Staff have decided about a no-show that its student disputes."""
    student = dispute.booking.student_id
    notify(Happening("decided", student, f"dispute-{dispute.pk}", {"dispute": dispute.pk}))


# --- Waiting for time ---------------------------------------------------------------------------

OFFERS = {
    Offer.Status.OPEN: "offer_made",
    Offer.Status.EXPIRED: "offer_passed_on",
    Offer.Status.WITHDRAWN: "offer_withdrawn",
}


def offers(*about: Offer) -> None:
    """Seats are held for somebody, or no longer, as the status of each says."""
    notify(
        *(
            Happening(
                OFFERS[Offer.Status(each.status)],
                each.student_id,
                f"offer-{each.pk}-{each.status}",
                {"offer": each.pk},
            )
            for each in about
        )
    )


def free_time(slot_id: int, people: Mapping[int, int], now: datetime) -> None:
    """There is time too soon to be held. ``people``: who waits for it, by the id of the place."""
    notify(
        *(
            Happening(
                "free_time",
                person,
                f"free-{slot_id}-{now:%Y%m%d%H%M%S}",
                {"slot": slot_id, "place": place},
            )
            for place, person in people.items()
        )
    )
