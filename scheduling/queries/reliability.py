"""What missed and late-cancelled times count, derived from the bookings of the last 60 days.

Nothing of it is stored, and each is for the student alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from scheduling.models import Booking, Dispute
from scheduling.models.bookings import BookingQuerySet
from setahub.core import clock
from setahub.core.db.prepared import padded, prepared
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
    rows = counting(timezone.now() - COUNTED).filter(student=student_id)
    rows = rows.select_related("ta", "topic").order_by("starts_at", "pk")
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
    if not policy.reliability_points or not students:
        return {}
    counted: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for student, starts_at, status in _marks(padded(list(students)), timezone.now() - COUNTED):
        counted[student].append((starts_at, status))
    ends = {student: one_until(rows) for student, rows in counted.items()}
    return {student: end for student, end in ends.items() if end is not None}


def one_until(counted: Iterable[tuple[datetime, str]]) -> date | None:
    """The day on which one booking at a time ends, of whoever has these count: start and status.

    None: they may have more, or the policy is off.
    """
    most = policy.reliability_points
    marks = sorted((fades_at(start), points_of(status)) for start, status in counted)
    end = _below(most, marks) if most else None
    return clock.local(end).date() if end else None


def _below(most: int, rows: Sequence[tuple[datetime, int]]) -> datetime | None:
    """When so few points are left that nothing is limited; None: that is so now. Oldest first."""
    left, end = sum(points for _fades, points in rows), None
    for fades, points in rows:
        if left < most:
            break
        left, end = left - points, fades
    return end


@prepared
def _marks(
    students: tuple[int, ...], since: datetime
) -> "QuerySet[Booking, tuple[int, datetime, str]]":
    rows = counting(since).filter(student__id__in=students)
    return rows.values_list("student_id", "starts_at", "status")


def counting(since: datetime) -> BookingQuerySet:
    """The bookings that count, of those that began since then."""
    cleared = Dispute.objects.cleared().filter(booking=OuterRef("pk"))
    # Whoever reports that the TA did not come says as much against a no-show.
    missed = Q(status=Status.NO_SHOW, ta_absent_at__isnull=True) & ~Q(Exists(cleared))
    late = Q(status=Status.CANCELLED, cancelled_late=True)
    return Booking.objects.filter(missed | late, starts_at__gt=since)


def dispute_of(booking: Booking) -> Dispute | None:
    """What its student says against the no-show, if anything."""
    return Dispute.objects.filter(booking=booking).select_related("booking").first()
