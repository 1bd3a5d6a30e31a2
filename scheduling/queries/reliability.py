"""What missed and late-cancelled times count, derived from the bookings of the last 60 days.

Nothing of it is stored, and each is for the student alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from scheduling.models import Booking, Dispute
from scheduling.models.bookings import BookingQuerySet
from setahub.core import clock
from setahub.policy.current import policy

COUNTED = timedelta(days=60)
NO_SHOW_POINTS, LATE_POINTS = 2, 1
Status = Booking.Status


@dataclass(frozen=True)
class Mark:
    """One booking that counts, or would, was it not disputed."""

    booking: Booking
    points: int

    @property
    def fades_at(self) -> datetime:
        return fades_at(self.booking.starts_at)

    @property
    def fades_on(self) -> date:
        return clock.local(self.fades_at).date()


def fades_at(starts_at: datetime) -> datetime:
    """From when on a booking that began then counts nothing more."""
    return starts_at + COUNTED


def marks_of(student_id: int) -> list[Mark]:
    """What counts of a student's bookings, oldest first; nothing while the policy is off. One query."""
    if not policy.reliability_points:
        return []
    rows = _counted([student_id]).select_related("ta", "topic")
    return [Mark(each, points_of(each.status)) for each in rows]


def disputed(student_id: int) -> list[Booking]:
    """No-shows that staff have not decided about, which count nothing meanwhile. One query."""
    waits = Q(dispute__decision="") | Q(ta_absent_at__isnull=False)
    rows = Booking.objects.of_student(student_id).filter(waits, status=Status.NO_SHOW)
    return list(rows.select_related("ta", "topic").order_by("starts_at", "pk"))


def points_of(status: str) -> int:
    return NO_SHOW_POINTS if status == Status.NO_SHOW else LATE_POINTS


def one_at_a_time(students: Collection[int]) -> dict[int, date]:
    """Those of them who may have one active booking at a time, and the day on which that ends.

    One query; none while the policy is off.
    """
    most = policy.reliability_points
    if not most or not students:
        return {}
    counted: defaultdict[int, list[tuple[datetime, int]]] = defaultdict(list)
    rows = _counted(students).values_list("student_id", "starts_at", "status")
    for student, starts_at, status in rows:
        counted[student].append((fades_at(starts_at), points_of(status)))
    ends = {student: _below(most, rows) for student, rows in counted.items()}
    return {student: clock.local(end).date() for student, end in ends.items() if end is not None}


def _below(most: int, marks: Iterable[tuple[datetime, int]]) -> datetime | None:
    """When so few points are left that nothing is limited; None: that is so now. Oldest first."""
    rows = list(marks)
    left, end = sum(points for _fades, points in rows), None
    for fades, points in rows:
        if left < most:
            break
        left, end = left - points, fades
    return end


def _counted(students: Collection[int]) -> BookingQuerySet:
    cleared = Dispute.objects.cleared().filter(booking=OuterRef("pk"))
    # Whoever reports that the TA did not come says as much against a no-show.
    missed = Q(status=Status.NO_SHOW, ta_absent_at__isnull=True) & ~Q(Exists(cleared))
    late = Q(status=Status.CANCELLED, cancelled_late=True)
    rows = Booking.objects.filter(missed | late, student__in=students)
    return rows.filter(starts_at__gt=timezone.now() - COUNTED).order_by("starts_at", "pk")


def dispute_of(booking: Booking) -> Dispute | None:
    """What its student says against the no-show, if anything."""
    return Dispute.objects.filter(booking=booking).select_related("booking").first()
