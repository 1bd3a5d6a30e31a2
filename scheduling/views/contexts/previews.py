"""What the form of a session would make, shown while it is filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from scheduling.queries.appointments import booked_times
from scheduling.queries.busy import busy_between, is_busy
from scheduling.services.appointments import becoming_obstacles
from scheduling.services.changes import own_of
from scheduling.services.plan import Plan, Span, collisions, misfit
from scheduling.services.rows import Edited, check_keeps_bookings
from scheduling.views.contexts.clashes import Clashes
from setahub.core.web.refusals import Refusal, refusal_of


@dataclass(frozen=True)
class PreviewSlot:
    """A slot that would be made: why it clashes, or "", and how many have booked it already.

    ``busy``: by a calendar of the TA's own, which hinders nothing.
    """

    span: Span
    clash: str
    booked: int
    busy: bool = False


@dataclass(frozen=True)
class PreviewDay:
    """A session that would be: why it clashes, or "", and what it has of its own.

    ``busy``: by a calendar of the TA's own, which hinders nothing.
    """

    plan: Plan
    clash: str
    own: Sequence[str] = ()
    busy: bool = False

    @property
    def day(self) -> date:
        return self.plan.day


@dataclass(frozen=True)
class Preview:
    """What a plan would make: the slots of its first day, and the days it would be on."""

    plan: Plan
    slots: Sequence[PreviewSlot]
    days: Sequence[PreviewDay]
    warning: Refusal | None = None

    @property
    def fitting(self) -> int:
        return sum(not each.clash for each in self.days)

    @property
    def clashing(self) -> int:
        return len(self.days) - self.fitting

    @property
    def clashes(self) -> Clashes:
        """Of several days; of one, its slots show it."""
        if len(self.days) < 2:
            return Clashes((), self.fitting)
        return Clashes.of([each.plan for each in self.days], [each.clash for each in self.days])

    @property
    def own_days(self) -> list[PreviewDay]:
        """The weeks of a series that differ from the one that is edited."""
        return [each for each in self.days if each.own]

    @property
    def reasons(self) -> list[str]:
        """What stands in the way, each thing once."""
        return list(dict.fromkeys(each.clash for each in self.days if each.clash))

    @property
    def slot_count(self) -> int:
        return sum(len(each.plan.slots) for each in self.days if not each.clash)

    @property
    def seat_count(self) -> int:
        fitting = (each.plan for each in self.days if not each.clash)
        return sum(len(plan.slots) * plan.capacity for plan in fitting)


def of_new(ta: User, plans: Sequence[Plan]) -> Preview:
    """What opening these plans (one, or a series) would make. Three queries."""
    wrong = [misfit(plan) for plan in plans]
    # The slots are those of a day without a change of the clocks.
    first = next((plan for plan, why in zip(plans, wrong, strict=True) if not why), plans[0])
    slots = first.slots
    reasons = collisions(ta.pk, [*slots, *(plan.span for plan in plans)])
    busy = busy_between(ta.pk, plans[0].span.start, plans[-1].span.end)
    return Preview(
        first,
        [
            PreviewSlot(slot, why, 0, is_busy(busy, slot.start, slot.end))
            for slot, why in zip(slots, reasons[: len(slots)], strict=True)
        ],
        [
            PreviewDay(plan, why or clash, busy=is_busy(busy, plan.span.start, plan.span.end))
            for plan, why, clash in zip(plans, wrong, reasons[len(slots) :], strict=True)
        ],
    )


def of_edit(ta: User, edited: Sequence[Edited]) -> Preview:
    """What a session, the first of ``edited``, and the others of its series would become."""
    session = edited[0]
    plan, slots = session.after, session.after.slots
    warning = refusal_of(check_keeps_bookings, edited)
    booked = booked_times(session.row)
    clashes = collisions(ta.pk, slots, but=[each.row.pk for each in edited])
    busy = busy_between(ta.pk, plan.span.start, plan.span.end)
    return Preview(
        plan,
        [
            PreviewSlot(
                slot, clash, booked[slot.start, slot.end], is_busy(busy, slot.start, slot.end)
            )
            for slot, clash in zip(slots, clashes, strict=True)
        ],
        [
            PreviewDay(each.after, reason, own_of(each.after, plan))
            for each, reason in zip(edited, becoming_obstacles(ta, edited), strict=True)
        ],
        warning,
    )
