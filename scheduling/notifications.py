"""Who is told by email of what happens to bookings. Services call this inside their transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import groupby

from scheduling import tasks
from scheduling.models import Booking, BookingEvent, Takeaway
from scheduling.models.reminders import Reminder
from setahub.core.work.tasks import later

Kind = BookingEvent.Kind

_gathering: ContextVar[list[BookingEvent] | None] = ContextVar("gathering", default=None)


@contextmanager
def one_happening() -> Iterator[None]:
    """What happens to several bookings inside is told as one thing: one letter to each reader.

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
    """One letter for each reader of each kind of event."""
    wanted = [(reader, event.kind, event.pk) for event in events for reader in _readers(event)]
    for (reader, _kind), group in groupby(sorted(wanted), key=lambda each: each[:2]):
        ids = [pk for _reader, _kind, pk in group]
        if len(ids) == 1:
            later(tasks.tell, ids[0], reader)
        else:
            later(tasks.tell_several, reader, *ids)


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
    for booking in bookings:
        later(tasks.remind_student, booking.pk, which.value)
    if bookings:
        later(tasks.remind_ta, slot_id, which.value)


def left_behind(takeaway: Takeaway) -> None:
    """A TA has left something for the student."""
    later(tasks.tell_takeaway, takeaway.pk)


def thanked(booking: Booking) -> None:
    """A student thanks the TA."""
    later(tasks.tell_thanks, booking.pk)
