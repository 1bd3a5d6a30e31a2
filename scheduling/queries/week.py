"""One person's week, in both roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from scheduling.models import Booking, Offer, TimeSlot
from scheduling.models.bookings import BookingQuerySet
from scheduling.models.slots import Bookable, TimeSlotQuerySet
from scheduling.queries.busy import Busy, busy_between
from scheduling.queries.requests import standing_offers
from setahub.core.db.prepared import prepared


@dataclass(frozen=True)
class Week:
    """What lies between two moments: bookings ``taken`` and ``given``, the slots of one's sessions,
    the ids of those that are free, ``offers`` that one can take, and when one is ``busy`` otherwise.
    """

    taken: Sequence[Booking]
    given: Sequence[Booking]
    slots: Sequence[TimeSlot]
    free: frozenset[int]
    offers: Sequence[Offer]
    busy: Sequence[Busy]

    @classmethod
    def of(cls, person: int, start: datetime, end: datetime, now: datetime) -> "Week":
        """Of what was not cancelled. Six queries."""
        span = person, start, end
        free = frozenset(_free(*span, Bookable.at()))
        offers = standing_offers(person, now).filter(
            slot__starts_at__gte=start, slot__starts_at__lt=end
        )
        return cls(
            list(_taken(*span)),
            list(_given(*span)),
            list(_slots(*span)),
            free,
            list(offers),
            busy_between(*span),
        )


@prepared
def _taken(student: int, start: datetime, end: datetime) -> BookingQuerySet:
    bookings = Booking.objects.of_student(student).kept().inside((start, end))
    return bookings.select_related("ta", "topic", "slot__appointment").order_by("starts_at", "pk")


@prepared
def _given(ta: int, start: datetime, end: datetime) -> BookingQuerySet:
    bookings = Booking.objects.of_ta(ta).kept().inside((start, end))
    related = bookings.select_related("student", "topic", "slot__appointment")
    return related.order_by("starts_at", "pk")


@prepared
def _slots(ta: int, start: datetime, end: datetime) -> TimeSlotQuerySet:
    """Those that the TA's sessions still have."""
    slots = TimeSlot.objects.of_ta(ta).standing().filter(starts_at__gte=start, starts_at__lt=end)
    standing = slots.filter(appointment__cancelled_at__isnull=True)
    return standing.select_related("appointment").soonest()


@prepared
def _free(ta: int, start: datetime, end: datetime, bookable: Bookable) -> "QuerySet[TimeSlot, int]":
    slots = TimeSlot.objects.free(bookable=bookable).of_ta(ta)
    return slots.filter(starts_at__gte=start, starts_at__lt=end).values_list("pk", flat=True)
