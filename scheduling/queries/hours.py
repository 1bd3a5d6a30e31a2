"""Which bookings count towards a TA's hours."""

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from scheduling.models import Booking, BookingEvent
from scheduling.models.bookings import BookingQuerySet
from scheduling.queries.sums import Seat

Status = Booking.Status


def counted(ta: User) -> BookingQuerySet:
    """The bookings that say that the TA gave their slot.

    Over, and completed or a no-show of the student: the TA was there. Never a cancelled one, nor any of
    a slot of which a student reported that the TA did not come, unless the staff said since that it took
    place, or somebody in it has checked in, which only a TA's screen lets them.
    """
    given = Booking.objects.given(timezone.now()).of_ta(ta.pk)
    missed = Booking.objects.of_ta(ta.pk).filter(status=Status.NO_SHOW)
    there = Booking.objects.kept().filter(slot=OuterRef("slot"), checked_in_at__isnull=False)
    return (given | missed).filter(
        ~Exists(_reported_absent()) | Exists(there), ends_at__lte=timezone.now()
    )


def _reported_absent() -> BookingQuerySet:
    """Reports about the slot of the outer query that the staff have not settled."""
    settled = (
        BookingEvent.objects.filter(
            booking=OuterRef("pk"),
            kind=BookingEvent.Kind.COMPLETED,
            actor__isnull=False,
            created_at__gte=OuterRef("ta_absent_at"),
        )
        .exclude(actor=OuterRef("ta"))
        .order_by()
    )
    reports = Booking.objects.kept().filter(slot=OuterRef("slot"), ta_absent_at__isnull=False)
    return reports.filter(~(Q(status=Status.COMPLETED) & Q(Exists(settled))))


def seats_of(ta: User) -> list[Seat]:
    """All that counts of a TA, in order of time. One query."""
    rows = counted(ta).order_by("starts_at", "slot", "pk")
    return [
        Seat(slot, start, end, topic, checked_in is not None)
        for slot, start, end, topic, checked_in in rows.values_list(
            "slot", "starts_at", "ends_at", "topic__name", "checked_in_at"
        )
    ]
