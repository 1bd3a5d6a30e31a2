"""How a plan becomes rows: an appointment with its slots, new or changed.

The caller holds the TA's lock and has checked the plan.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling import constraints
from scheduling.errors import CONFLICT, Conflict, SchedulingError
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.services import bookings, offers, withdrawals
from scheduling.services.changes import own_after
from scheduling.services.plan import Plan, Span
from setahub.core import clock

ANNOUNCED_FIELDS = (
    "location",
    "notes",
)  # what booked students hear of (scheduling.history has the words)


@dataclass(frozen=True)
class Edited:
    """An appointment that is edited: as it is, and as it becomes."""

    row: Appointment
    before: Plan
    after: Plan

    @property
    def moves(self) -> bool:
        """Whether its start or its end changes."""
        return self.before.times != self.after.times

    @property
    def cuts_anew(self) -> bool:
        """Whether its slots change."""
        return self.moves or self.before.slot_minutes != self.after.slot_minutes


def create(ta: User, plan: Plan, series: uuid.UUID | None) -> Appointment:
    """A new appointment with its slots."""
    appointment = Appointment(
        ta=ta, series=series, starts_at=plan.span.start, ends_at=plan.span.end, **plan.columns
    )
    _save(appointment, plan)
    appointment.topics.set(plan.topics)
    TimeSlot.objects.bulk_create(slots_at(appointment, plan.slots))
    offers.spare(ta.pk)
    offers.opened(appointment)
    return appointment


def apply(edited: Sequence[Edited], ta: User, *, alone: bool) -> None:
    """Write what each becomes, and tell the students who booked it what is new for them.

    ``alone``: the edit was of this one, not of it and the later ones of its series.
    """
    # Moved weeks must not meet on the way: all leave their times before the first takes another.
    offers.lock_slots([each.row for each in edited])
    moving = [each.row.pk for each in edited if each.moves]
    Appointment.objects.filter(pk__in=moving).update(cancelled_at=timezone.now())
    for each in edited:
        if each.before != each.after:
            _apply(each, ta, alone=alone)


def _apply(edited: Edited, ta: User, *, alone: bool) -> None:
    row, before, after = edited.row, edited.before, edited.after
    for name, value in after.columns.items():
        setattr(row, name, value)
    if edited.moves:
        row.starts_at, row.ends_at = after.span.start, after.span.end
    if row.series:
        row.own = " ".join(sorted(own_after(row.own.split(), before, after, alone=alone)))
    _save(row, after)
    row.topics.set(after.topics)
    if edited.cuts_anew:
        _match_slots(row, after.slots)
    if after.capacity < before.capacity:
        withdrawals.beyond(row, after.capacity)
    if before.capacity != after.capacity:
        row.slots.update(capacity=after.capacity)
    withdrawals.of_dropped(row)
    if edited.cuts_anew:
        offers.spare(row.ta_id)
    if edited.cuts_anew or before.topics != after.topics or before.capacity < after.capacity:
        offers.opened(row)
    if changes := _changes_to_tell(before, after):
        owed = Booking.objects.active().filter(slot__appointment=row, ends_at__gt=timezone.now())
        bookings.note_change(owed.with_people().order_by("starts_at", "pk"), ta, changes)


def check_keeps_bookings(edited: Sequence[Edited]) -> None:
    """Refuses to drop a booked slot, a booked topic or a taken seat, naming the bookings.

    Only what an edit changes can drop anything.
    """
    of = {each.row.pk: each for each in edited if each.before != each.after}
    kept = list(
        Booking.objects.kept()
        .filter(slot__appointment__in=of)
        .with_people()
        .order_by("starts_at", "pk")
    )
    slots = {pk: {(s.start, s.end) for s in each.after.slots} for pk, each in of.items()}
    _refuse_drop(
        [
            each
            for each in kept
            if of[each.slot.appointment_id].cuts_anew
            and (each.slot.starts_at, each.slot.ends_at) not in slots[each.slot.appointment_id]
        ],
        _("These bookings would lose their time:"),
        "slots",
    )
    active = [each for each in kept if each.status == Booking.Status.BOOKED]
    _refuse_drop(
        [each for each in active if each.topic in _removed_topics(of[each.slot.appointment_id])],
        _("These bookings would lose their topic:"),
        "topics",
    )
    _refuse_drop(
        [each for each in active if each.slot.taken > _new_capacity(of[each.slot.appointment_id])],
        _("These bookings share a time with more people than that:"),
        "capacity",
    )


def collide(plans: Sequence[Plan], reasons: Sequence[str]) -> SchedulingError:
    """The refusal of plans that don't fit, with the reason of each, or ""."""
    conflicts = [
        Conflict(plan.day, reason) for plan, reason in zip(plans, reasons, strict=True) if reason
    ]
    days = (f"{clock.day_short(each.day)}: {each.reason.rstrip('.')}" for each in conflicts)
    return SchedulingError(
        CONFLICT,
        _("This doesn't fit: %(days)s.") % {"days": "; ".join(days)},
        heading=_("This doesn't fit:"),
        details=conflicts,
    )


def _removed_topics(edited: Edited) -> list[object]:
    return [each for each in edited.before.topics if each not in edited.after.topics]


def _new_capacity(edited: Edited) -> float:
    """How many seats each slot gets; where that doesn't change, no limit."""
    same = edited.before.capacity == edited.after.capacity
    return float("inf") if same else edited.after.capacity


def _refuse_drop(dropped: Sequence[Booking], message: str, code: str) -> None:
    if dropped:
        names = [bookings.describe(each) for each in dropped]
        raise SchedulingError(
            code, f"{message} {'; '.join(names)}.", heading=message, details=names
        )


def _save(appointment: Appointment, plan: Plan) -> None:
    """Save in a savepoint; the database's refusal of an overlap becomes the readable one."""
    try:
        with transaction.atomic():
            appointment.save()
    except IntegrityError as error:
        if constraints.APPOINTMENT_OVERLAP not in str(error):
            raise
        raise collide([plan], [_("another session of yours")]) from error


def slots_at(appointment: Appointment, spans: Iterable[Span]) -> list[TimeSlot]:
    """Its slots at these times, not stored."""
    return [
        TimeSlot(
            appointment=appointment,
            starts_at=span.start,
            ends_at=span.end,
            capacity=appointment.capacity,
        )
        for span in spans
    ]


def _changes_to_tell(before: Plan, after: Plan) -> dict[str, tuple[str, str]]:
    """Old and new of what the students who booked want to know, by the name of the field."""
    values = {name: (getattr(before, name), getattr(after, name)) for name in ANNOUNCED_FIELDS}
    return {name: (old, new) for name, (old, new) in values.items() if old != new}


def _match_slots(appointment: Appointment, spans: Sequence[Span]) -> None:
    """Keep the slots that still fit, add new ones, take off the rest.

    A slot that a cancelled booking or an offer points at is only withdrawn: history stays.
    """
    wanted = {(span.start, span.end) for span in spans}
    present = {(slot.starts_at, slot.ends_at): slot for slot in appointment.slots.all()}
    stay = [slot.pk for times, slot in present.items() if times in wanted]
    go = [slot.pk for times, slot in present.items() if times not in wanted]
    slots = TimeSlot.objects.filter(appointment=appointment)
    slots.filter(pk__in=stay).update(withdrawn=False)
    slots.filter(pk__in=go, bookings__isnull=True, offers__isnull=True).delete()
    slots.filter(pk__in=go).update(withdrawn=True)
    new = [span for span in spans if (span.start, span.end) not in present]
    TimeSlot.objects.bulk_create(slots_at(appointment, new))
