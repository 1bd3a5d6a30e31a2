"""What of a student's own stands in the way of booking a free time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import cast

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Block, User
from scheduling.models import Booking, Commitment, TimeSlot
from scheduling.queries.reliability import one_at_a_time
from setahub.core.db.prepared import prepared
from setahub.policy.current import LONGEST_SESSION, ExamWeek, policy

STUDENT = Commitment.Role.STUDENT


class Obstacle(Enum):
    OWN = "own"  # the student is its TA
    BLOCKED = "blocked"
    SEAT = "second_seat"
    CLASH = "clash"
    LIMIT = "too_many"
    ONE_AT_A_TIME = "one_at_a_time"


@dataclass(frozen=True)
class Limits:
    """Where a student has as many bookings as there may be.

    An exam week with a number of its own counts the bookings in it; the rest are counted apart, as
    None. So neither takes away what the other leaves.
    """

    weeks: Sequence[ExamWeek] = ()
    full: frozenset[ExamWeek | None] = frozenset()
    one_until: date | None = None  # the day until which one booking at a time is the most

    @classmethod
    def with_bookings(cls, starts: Iterable[datetime], one_until: date | None = None) -> "Limits":
        """Of whoever has upcoming bookings that start then; ``one_until``: and may have but one."""
        starts = list(starts)
        limits = cls(policy.capped_weeks())
        counts = Counter(map(limits.week_of, starts))
        full = {week for week in (*limits.weeks, None) if counts[week] >= most_bookings(week)}
        return cls(limits.weeks, frozenset(full), one_until if starts else None)

    def week_of(self, start: datetime) -> ExamWeek | None:
        """The exam week whose number counts for a slot that starts then; None for the ordinary one."""
        return next((each for each in self.weeks if each.holds(start)), None)

    def reached(self, start: datetime) -> bool:
        """Whether the student can't have one more that starts then."""
        return self.week_of(start) in self.full


def most_bookings(week: ExamWeek | None) -> int:
    """How many upcoming bookings a student may have in this exam week, or outside of them."""
    if week is None or week.max_active_bookings is None:
        return policy.max_active_bookings
    return week.max_active_bookings


def is_blocked(viewer: User, ta_id: int) -> bool:
    """Whether one of the two blocks the other."""
    return ta_id in Block.objects.others_of(viewer.pk)


@dataclass(frozen=True)
class Obstacles:
    """All that may stand in one student's way, for any number of slots. Three queries."""

    student: int
    blocked: frozenset[int]
    taken: Sequence[tuple[int, datetime, datetime]]
    left: int | None  # the slot that a booking would be moved away from
    limits: Limits

    @classmethod
    def to(
        cls,
        student: User,
        slots: Sequence[TimeSlot],
        *,
        moving: Booking | None = None,
        limited: bool = True,
    ) -> "Obstacles":
        """For these slots. ``moving`` is left out of account; not ``limited``: as many as one likes."""
        if not slots:
            return cls(student.pk, frozenset(), (), None, Limits())
        now = timezone.now()
        since = min(now, *(each.starts_at for each in slots))
        left = moving.pk if moving else None
        rows = [
            row
            for row in _commitments(student.pk, since - LONGEST_SESSION, since)
            if row[0] != left
        ]
        booked = [start for _pk, _slot, role, start, end in rows if role == STUDENT and end > now]
        return cls(
            student.pk,
            Block.objects.others_of(student.pk),
            [(slot, start, end) for _pk, slot, _role, start, end in rows],
            moving.slot_id if moving else None,
            _limits(student.pk, booked) if limited else Limits(),
        )

    def of(self, slot: TimeSlot) -> Obstacle | None:
        """What stands before this slot (with its appointment loaded), or None."""
        if slot.appointment.ta_id == self.student:
            return Obstacle.OWN
        if slot.appointment.ta_id in self.blocked:
            return Obstacle.BLOCKED
        if slot.pk == self.left:
            return Obstacle.SEAT
        busy = [
            taken
            for taken, start, end in self.taken
            if taken == slot.pk or (start < slot.ends_at and end > slot.starts_at)
        ]
        if busy:
            return Obstacle.SEAT if slot.pk in busy else Obstacle.CLASH
        if self.limits.reached(slot.starts_at):
            return Obstacle.LIMIT
        return Obstacle.ONE_AT_A_TIME if self.limits.one_until else None


def _limits(student: int, booked: Sequence[datetime]) -> Limits:
    """Of whoever has nothing booked, nothing more is asked."""
    until = one_at_a_time([student]) if booked else {}
    return Limits.with_bookings(booked, until.get(student))


@prepared
def _commitments(
    person: int, after: datetime, since: datetime
) -> "QuerySet[Commitment, tuple[int, int, str, datetime, datetime]]":
    """What the person has to do from ``since`` on. ``after``: no longer one began before that."""
    rows = Commitment.objects.filter(person=person, starts_at__gt=after, ends_at__gt=since)
    return rows.values_list("booking", "slot", "role", "starts_at", "ends_at")


def unhindered(students: Sequence[int], slot: TimeSlot) -> list[int]:
    """Those of them in whose way nothing stands, in the same order. Four queries for all."""
    blocked = Block.objects.others_of(slot.appointment.ta_id)
    taken: defaultdict[int, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    busy = Commitment.objects.filter(person__in=students)
    busy = busy.overlapping(slot.starts_at, slot.ends_at)
    for person, *when in busy.values_list("person_id", "slot_id", "starts_at", "ends_at"):
        taken[person].append(cast("tuple[int, datetime, datetime]", tuple(when)))
    starts: defaultdict[int, list[datetime]] = defaultdict(list)
    upcoming = Booking.objects.filter(student__in=students).upcoming(timezone.now())
    for student, start in upcoming.values_list("student_id", "starts_at"):
        starts[student].append(start)
    until = one_at_a_time(list(starts))
    return [
        student
        for student in students
        if not Obstacles(
            student,
            frozenset({slot.appointment.ta_id} if student in blocked else ()),
            taken[student],
            None,
            Limits.with_bookings(starts[student], until.get(student)),
        ).of(slot)
    ]
