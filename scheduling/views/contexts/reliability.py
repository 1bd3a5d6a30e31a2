"""What missed and late-cancelled times count, as their student sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from accounts.models import User
from scheduling.models import Booking, Dispute
from scheduling.queries.reliability import (
    Mark,
    dispute_of,
    disputed,
    fades_at,
    marks_of,
    one_at_a_time,
    points_of,
)
from scheduling.services.outcome_rules import check_dispute
from scheduling.services.rules import passes
from setahub.core import clock
from setahub.policy.current import policy


@dataclass(frozen=True)
class Standing:
    """What counts now, each with its day; ``until``: the day up to which one booking is the most."""

    marks: Sequence[Mark]
    disputed: Sequence[Booking]
    until: date | None
    most: int

    @classmethod
    def of(cls, student: User) -> "Standing":
        """Three queries."""
        until = one_at_a_time([student.pk]).get(student.pk)
        most = policy.reliability_points
        return cls(marks_of(student.pk), disputed(student.pk), until, most)

    @property
    def is_shown(self) -> bool:
        return bool(self.marks or self.disputed) and self.most > 0


@dataclass(frozen=True)
class Missed:
    """A no-show on its own page: what it counts, and what became of the student's word against it."""

    points: int
    fades_on: date | None
    dispute: Dispute | None
    may_dispute: bool

    @classmethod
    def of(cls, booking: Booking, viewer: User) -> "Missed | None":
        """None for another reader, or where nothing was missed. One query."""
        if viewer.pk != booking.student_id or booking.status != Booking.Status.NO_SHOW:
            return None
        dispute = dispute_of(booking)
        stands = dispute is None or dispute.decision == Dispute.Decision.UPHELD
        counts = policy.reliability_points and booking.ta_absent_at is None and stands
        fades = fades_at(booking.starts_at)
        lasts = fades > timezone.now()
        fades_on = clock.local(fades).date()
        return cls(
            points_of(booking.status) if counts and lasts else 0,
            fades_on if counts and lasts else None,
            dispute,
            dispute is None and passes(check_dispute, booking, viewer),
        )
