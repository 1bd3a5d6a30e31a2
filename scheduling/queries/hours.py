"""Which bookings count towards a TA's hours."""

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from scheduling.models import Booking
from scheduling.models.bookings import BookingQuerySet
from scheduling.queries.outcomes import reported_absent
from scheduling.queries.sums import Seat

Status = Booking.Status


def counted(ta: User) -> BookingQuerySet:
    """The bookings that say that the TA gave their slot.

    Over, and completed or a no-show of the student: the TA was there. Never a cancelled one, nor any of
    a slot of which a student reported that the TA did not come, until the staff say otherwise, or where
    somebody else has checked in there, which only a TA's screen lets them.
    """
    given = Booking.objects.given(timezone.now()).of_ta(ta.pk)
    missed = Booking.objects.of_ta(ta.pk).filter(status=Status.NO_SHOW, ta_absent_at__isnull=True)
    same_slot = Booking.objects.filter(slot=OuterRef("slot"))
    reports = same_slot.filter(ta_absent_at__isnull=False)
    there = same_slot.kept().filter(ta_absent_at__isnull=True, checked_in_at__isnull=False)
    return (given | missed).filter(~Exists(reports) | Exists(there), ends_at__lte=timezone.now())


def waiting_times(ta: User) -> int:
    """How many of the TA's slots wait for the staff, since a student reported that the TA did not come."""
    reports = reported_absent().of_ta(ta.pk).filter(ends_at__lte=timezone.now())
    return reports.exclude(slot__in=counted(ta).values("slot")).values("slot").distinct().count()


def seats_of(ta: User) -> list[Seat]:
    """All that counts of a TA, in order of time. One query."""
    rows = counted(ta).order_by("starts_at", "slot", "pk")
    return [
        Seat(slot, start, end, topic, checked_in is not None)
        for slot, start, end, topic, checked_in in rows.values_list(
            "slot", "starts_at", "ends_at", "topic__name", "checked_in_at"
        )
    ]
