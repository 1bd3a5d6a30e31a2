"""What of a student's own stands in the way of booking a free time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.db.models import BigIntegerField, Case, DateTimeField, F, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import Block, User
from scheduling.models import Booking, BusyTime, Commitment, TimeSlot
from scheduling.queries.reliability import COUNTED, counting, one_at_a_time, one_until
from setahub.core.db.prepared import padded, prepared
from setahub.policy.current import LONGEST_SESSION, ExamWeek, policy

STUDENT, TA = Commitment.Role.STUDENT, Commitment.Role.TA
MARKS = (Booking.Status.NO_SHOW, Booking.Status.CANCELLED)
BLOCKED, BUSY = "blocked", "busy"


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
        return bool(self.full) and self.week_of(start) in self.full


def most_bookings(week: ExamWeek | None) -> int:
    """How many upcoming bookings a student may have in this exam week, or outside of them."""
    if week is None or week.max_active_bookings is None:
        return policy.max_active_bookings
    return week.max_active_bookings


@dataclass(frozen=True)
class Obstacles:
    """All that may stand in one student's way, at any time that can be booked. One query.

    ``busy``: by calendars of one's own, which hinders nothing.
    """

    student: int
    blocked: frozenset[int]
    taken: Sequence[tuple[int, datetime, datetime]]
    left: int | None  # the slot that a booking would be moved away from
    limits: Limits
    busy: Sequence[tuple[datetime, datetime]] = ()

    @classmethod
    def to(
        cls,
        student: User,
        slots: Sequence[TimeSlot] = (),
        *,
        moving: Booking | None = None,
        limited: bool = True,
    ) -> "Obstacles":
        """For all times to come, and these slots, whenever they are.

        ``moving`` is left out of account; not ``limited``: as many bookings as one likes.
        """
        now = timezone.now()
        since = min([now, *(each.starts_at for each in slots)])
        until = now + policy.horizon + LONGEST_SESSION
        own: defaultdict[str, list[Any]] = defaultdict(list)
        rows = _own(student.pk, since - LONGEST_SESSION, since, until, now - COUNTED)
        for kind, *row in rows:
            own[kind].append(row)
        left = moving.pk if moving else None
        given, taken = ([row for row in own[role] if row[0] != left] for role in (TA, STUDENT))
        booked = [start for _pk, _slot, start, end in taken if end > now]
        counted = [(start, mark) for mark in MARKS for _pk, _slot, start, _end in own[mark]]
        return cls(
            student.pk,
            frozenset(pk for pk, *_nothing in own[BLOCKED]),
            [(slot, start, end) for _pk, slot, start, end in (*given, *taken)],
            moving.slot_id if moving else None,
            Limits.with_bookings(booked, one_until(counted)) if limited else Limits(),
            [(start, end) for _pk, _slot, start, end in own[BUSY]],
        )

    def is_busy(self, slot: TimeSlot) -> bool:
        """Whether a calendar of their own says so."""
        if not self.busy:
            return False
        return any(start < slot.ends_at and end > slot.starts_at for start, end in self.busy)

    def of(self, slot: TimeSlot) -> Obstacle | None:
        """What stands before this slot (with its appointment loaded), or None."""
        ta = slot.appointment.ta_id
        if ta == self.student:
            return Obstacle.OWN
        if ta in self.blocked:
            return Obstacle.BLOCKED
        if self.left is not None and slot.pk == self.left:
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


@prepared
def _own(
    person: int, after: datetime, since: datetime, until: datetime, counted: datetime
) -> "QuerySet[Any, Any]":
    """All of a person's own that may stand in the way: kind, id, slot, start and end.

    What they have to do from ``since`` on, by their role (``after``: no longer one began before that);
    whom a block parts them from; what counts of the bookings since ``counted``, by its status; when
    their calendars say that they are busy between ``since`` and ``until``.
    """
    number, moment = Value(None, BigIntegerField()), Value(None, DateTimeField())
    duties = Commitment.objects.filter(person=person, starts_at__gt=after, ends_at__gt=since)
    blocks = Block.objects.filter(Q(blocker=person) | Q(blocked=person))
    other = Case(When(blocker=person, then=F("blocked")), default=F("blocker"))
    marks = counting(counted).filter(student=person)
    busy = BusyTime.objects.of(person).overlapping(since, until)
    return duties.values_list("role", "booking", "slot", "starts_at", "ends_at").union(
        blocks.values_list(Value(BLOCKED), other, number, moment, moment),
        marks.values_list("status", "pk", "slot", "starts_at", "ends_at"),
        busy.values_list(Value(BUSY), "pk", number, "starts_at", "ends_at"),
        all=True,
    )


def unhindered(students: Sequence[int], slot: TimeSlot) -> list[int]:
    """Those of them in whose way nothing stands, in the same order. Three queries for all."""
    blocked = Block.objects.others_of(slot.appointment.ta_id)
    now = timezone.now()
    since = min(now, slot.starts_at)
    taken: defaultdict[int, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    booked: defaultdict[int, list[datetime]] = defaultdict(list)
    rows = _commitments(padded(students), since - LONGEST_SESSION, since)
    for person, slot_id, role, start, end in rows:
        taken[person].append((slot_id, start, end))
        if role == STUDENT and end > now:
            booked[person].append(start)
    until = one_at_a_time(list(booked))
    return [
        student
        for student in students
        if not Obstacles(
            student,
            frozenset({slot.appointment.ta_id} if student in blocked else ()),
            taken[student],
            None,
            Limits.with_bookings(booked[student], until.get(student)),
        ).of(slot)
    ]


@prepared
def _commitments(
    people: tuple[int, ...], after: datetime, since: datetime
) -> "QuerySet[Commitment, tuple[int, int, str, datetime, datetime]]":
    """What they have to do from ``since`` on. ``after``: no longer one began before that."""
    rows = Commitment.objects.filter(person__id__in=people, starts_at__gt=after, ends_at__gt=since)
    return rows.values_list("person", "slot", "role", "starts_at", "ends_at")
