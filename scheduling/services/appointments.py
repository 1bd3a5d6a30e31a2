"""Opening time, changing it, taking it back, and opening a past week again."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from scheduling.errors import Conflict, SchedulingError
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.services import booking as bookings
from scheduling.services.plan import Plan, Span, check_times, collisions, conflicts, weekly
from setahub.lib import when
from setahub.lib.policy import policy
from setahub.lib.text import is_blank, trimmed
from topics.models import Topic

ONE, FOLLOWING = "one", "following"
CLOSED = ("cancelled", "over")  # codes of refusals after which nothing can be changed any more
NO_REASON = gettext_lazy("Say why: the reason stays with the session.")


def open_time(
    ta: User, plan: Plan, *, repeat_until: date | None = None, skip_conflicts: bool = False
) -> list[Appointment]:
    """Make one appointment, or one for each week of a series.

    Nothing is made unless all weeks fit, or the TA says to skip those that don't. Raises
    SchedulingError, with the colliding days in ``conflicts``.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        check_times(plan, timezone.now())
        _check_teaches(ta, plan.topics)
        plans = weekly(plan, repeat_until)
        # The first day was checked; the weeks after it may go beyond what a single one may.
        limit = plan.day + policy.max_repeat
        fitting = _fitting(ta, plans, limit=limit, skip_conflicts=skip_conflicts)
        series = uuid.uuid4() if len(fitting) > 1 else None
        return [_create(ta, each, series) for each in fitting]


def copy_week(ta: User, week: date, to: date, *, skip_conflicts: bool = False) -> list[Appointment]:
    """Open a whole week again: each appointment of ``week`` on the same weekday of ``to``'s week.

    What no longer can be (past, colliding, a topic no longer taught) is reported like a collision.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        shift = when.monday(to) - when.monday(week)
        if not shift:
            raise SchedulingError(
                "same_week", _("Choose another week to copy to."), status=422, field="to"
            )
        source = in_week(ta, week)
        if not source:
            raise SchedulingError("empty_week", _("There is no session in that week to copy."))
        taught = set(Topic.objects.taught_by(ta.pk))
        plans = [plan_of(each, shift=shift, topics=taught) for each in source]
        limit = when.today() + policy.max_ahead
        fitting = _fitting(ta, plans, limit=limit, skip_conflicts=skip_conflicts)
        return [_create(ta, each, None) for each in fitting]


def edit(appointment: Appointment, ta: User, plan: Plan, *, scope: str = ONE) -> list[Appointment]:
    """Change one appointment, or it and all later ones of its series, by the same shift of days.

    Every booked slot and every booked topic stays: what would drop one is refused with the names of
    those bookings. Students are told of a new place or new notes. Raises SchedulingError.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        appointment = Appointment.objects.get(pk=appointment.pk)
        check_editable(appointment)
        check_times(plan, timezone.now(), began=appointment.starts_at)
        chosen = list(_in_scope(appointment, scope).select_for_update(no_key=True))
        plans = moved(appointment, plan, chosen)
        _check_teaches(ta, plan.topics, besides=chosen)
        spans = [each.span for each in plans]
        reasons = collisions(ta.pk, spans, but=[each.pk for each in chosen])
        if any(reasons):
            raise _collide(conflicts(spans, reasons))
        for each, changed in zip(chosen, plans, strict=True):
            check_keeps_bookings(each, changed)
        pairs = list(zip(chosen, plans, strict=True))
        # Moved weeks must not meet on the way: later ones go first when all go later.
        for each, changed in reversed(pairs) if _goes_later(appointment, plan) else pairs:
            _apply(each, changed, ta)
        return chosen


def cancel(appointment: Appointment, ta: User, reason: str, *, scope: str = ONE) -> int:
    """Take back one appointment, or it and all later ones of its series, before they start.

    Cancels their bookings for ``reason`` and keeps all of it as history. Returns how many bookings
    were cancelled.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        appointment = Appointment.objects.get(pk=appointment.pk)
        check_cancellable(appointment)
        chosen = list(_in_scope(appointment, scope).select_for_update(no_key=True))
        affected = active_bookings(chosen)
        if is_blank(reason):
            raise SchedulingError(
                "reason",
                NO_REASON,
                status=422,
                field="reason",
            )
        end(chosen, ta, trimmed(reason))
        return len(affected)


def cancel_by_staff(appointment: Appointment, actor: User, reason: str) -> int:
    """Cancel one for an admin, also while it runs. Returns how many bookings were cancelled."""
    with transaction.atomic():
        User.objects.locked(appointment.ta_id)
        appointment = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
        check_editable(appointment)
        affected = active_bookings([appointment])
        end([appointment], actor, reason)
        return len(affected)


def end(chosen: Sequence[Appointment], actor: User | None, reason: str) -> None:
    """Mark these cancelled, with their active bookings; the caller holds the TA's lock."""
    bookings.cancel_all(active_bookings(chosen), actor, reason)
    for each in chosen:
        each.cancelled_at = timezone.now()
        each.cancel_reason = reason
        each.save(update_fields=["cancelled_at", "cancel_reason"])


def active_bookings(chosen: Sequence[Appointment]) -> list[Booking]:
    """The bookings that these appointments still owe, soonest first."""
    return list(
        Booking.objects.active()
        .filter(slot__appointment__in=chosen, ends_at__gt=timezone.now())
        .with_people()
        .order_by("starts_at", "pk")
    )


def in_scope(appointment: Appointment, scope: str) -> list[Appointment]:
    """What an edit or a deletion with this scope is about, soonest first."""
    return list(_in_scope(appointment, scope))


def in_week(ta: User, day: date) -> list[Appointment]:
    """The TA's open appointments of the week that ``day`` lies in, with their topics, in order."""
    first = when.monday(day)
    start, end = when.day_bounds(first)[0], when.day_bounds(first + timedelta(days=6))[1]
    return list(
        Appointment.objects.of(ta.pk)
        .open()
        .filter(starts_at__gte=start, starts_at__lt=end)
        .order_by("starts_at")
        .prefetch_related("topics")
    )


def moved(appointment: Appointment, plan: Plan, chosen: Sequence[Appointment]) -> list[Plan]:
    """The plan of each of ``chosen`` when ``appointment`` gets ``plan``: all shift by its days."""
    shift = plan.day - when.local(appointment.starts_at).date()
    return [plan.on(when.local(each.starts_at).date() + shift) for each in chosen]


def plan_of(
    appointment: Appointment, *, shift: timedelta = timedelta(0), topics: set[Topic] | None = None
) -> Plan:
    """The appointment as a plan, ``shift`` later; only with those of its topics in ``topics``."""
    start, end = when.local(appointment.starts_at), when.local(appointment.ends_at)
    own = appointment.topics.all()
    return Plan(
        topics=[topic for topic in own if topics is None or topic in topics],
        day=start.date() + shift,
        start=start.time(),
        end=end.time(),
        slot_minutes=appointment.slot_minutes,
        capacity=appointment.capacity,
        location=appointment.location,
        notes=appointment.notes,
    )


# --- Checks -------------------------------------------------------------------------------------


def _check_teaches(ta: User, topics: Sequence[Topic], besides: Sequence[Appointment] = ()) -> None:
    """Only approved, listed topics of the TA, besides those that stand in ``besides``."""
    allowed = set(Topic.objects.taught_by(ta.pk).values_list("pk", flat=True))
    for each in besides:
        allowed |= set(each.topics.values_list("pk", flat=True))
    if not topics or any(topic.pk not in allowed for topic in topics):
        raise SchedulingError(
            "topics", _("Choose topics that you teach."), status=422, field="topics"
        )


def check_editable(appointment: Appointment) -> None:
    """It was neither cancelled nor is it over."""
    if appointment.is_cancelled:
        raise SchedulingError("cancelled", _("This session was cancelled."))
    if appointment.has_ended():
        raise SchedulingError("over", _("This session is over."))


def check_cancellable(appointment: Appointment) -> None:
    """It can still be changed and hasn't started."""
    check_editable(appointment)
    if appointment.has_started():
        raise SchedulingError(
            "started",
            _("It has started. You can still cancel the bookings that haven't, one by one."),
        )


def _fitting(ta: User, plans: Sequence[Plan], *, limit: date, skip_conflicts: bool) -> list[Plan]:
    """The plans that can be made; raises unless that is all of them or the others may be skipped.

    ``limit``: the last day that is not too far ahead.
    """
    spans = [plan.span for plan in plans]
    reasons = [
        _obstacle(plan, limit) or reason
        for plan, reason in zip(plans, collisions(ta.pk, spans), strict=True)
    ]
    fitting = [plan for plan, reason in zip(plans, reasons, strict=True) if not reason]
    if len(fitting) < len(plans) and not (skip_conflicts and fitting):
        raise _collide(conflicts(spans, reasons))
    return fitting


def _obstacle(plan: Plan, limit: date) -> str:
    """Why a copied appointment can't be, apart from collisions."""
    if plan.span.start <= timezone.now():
        return _("already past")
    if not plan.topics:
        return _("you no longer teach its topics")
    if plan.day > limit:
        return _("too far ahead")
    return ""


def _collide(found: Sequence[Conflict]) -> SchedulingError:
    days = "; ".join(f"{when.day_short(each.day)}: {each.reason}" for each in found)
    return SchedulingError(
        "conflict",
        _("This doesn't fit: %(days)s.") % {"days": days},
        heading=_("This doesn't fit:"),
        conflicts=found,
    )


def check_keeps_bookings(appointment: Appointment, plan: Plan) -> None:
    """Refuses to drop a booked slot, a booked topic or a taken seat, naming the bookings."""
    kept = list(
        Booking.objects.kept()
        .filter(slot__appointment=appointment)
        .with_people()
        .order_by("starts_at", "pk")
    )
    slots = {(span.start, span.end) for span in plan.slots}
    _refuse_drop(
        [each for each in kept if (each.slot.starts_at, each.slot.ends_at) not in slots],
        _("These bookings would lose their time:"),
        "slots",
    )
    active = [each for each in kept if each.status == Booking.Status.BOOKED]
    topics = {topic.pk for topic in plan.topics}
    _refuse_drop(
        [each for each in active if each.topic_id not in topics],
        _("These bookings would lose their topic:"),
        "topics",
    )
    _refuse_drop(
        [each for each in active if each.slot.taken > plan.capacity],
        _("These bookings share a time with more people than that:"),
        "capacity",
    )


def _refuse_drop(dropped: Sequence[Booking], message: str, code: str) -> None:
    if dropped:
        names = [bookings.describe(each) for each in dropped]
        raise SchedulingError(
            code, f"{message} {'; '.join(names)}.", heading=message, details=names
        )


# --- Writes -------------------------------------------------------------------------------------


def _in_scope(appointment: Appointment, scope: str) -> "QuerySet[Appointment]":
    if scope == FOLLOWING and appointment.series:
        chosen = Appointment.objects.open().filter(
            ta=appointment.ta_id, series=appointment.series, starts_at__gte=appointment.starts_at
        )
    else:
        chosen = Appointment.objects.filter(pk=appointment.pk)
    return chosen.order_by("starts_at")


def _create(ta: User, plan: Plan, series: uuid.UUID | None) -> Appointment:
    appointment = Appointment(ta=ta, series=series, **_fields(plan))
    _save(appointment, plan)
    appointment.topics.set(plan.topics)
    _make_slots(appointment, plan.slots)
    return appointment


def _fields(plan: Plan) -> dict[str, object]:
    return {
        "starts_at": plan.span.start,
        "ends_at": plan.span.end,
        "slot_minutes": plan.slot_minutes,
        "capacity": plan.capacity,
        "location": plan.location,
        "notes": plan.notes,
    }


def _save(appointment: Appointment, plan: Plan) -> None:
    """Save in a savepoint; the database's refusal of an overlap becomes the readable one."""
    try:
        with transaction.atomic():
            appointment.save()
    except IntegrityError as error:
        raise _collide([Conflict(plan.day, _("another session of yours"))]) from error


def _make_slots(appointment: Appointment, spans: Sequence[Span]) -> None:
    TimeSlot.objects.bulk_create(
        TimeSlot(
            appointment=appointment,
            starts_at=span.start,
            ends_at=span.end,
            capacity=appointment.capacity,
        )
        for span in spans
    )


def _goes_later(appointment: Appointment, plan: Plan) -> bool:
    return plan.span.start > appointment.starts_at


def _apply(appointment: Appointment, plan: Plan, ta: User) -> None:
    changes = _changes_to_tell(appointment, plan)
    for name, value in _fields(plan).items():
        setattr(appointment, name, value)
    _save(appointment, plan)
    appointment.topics.set(plan.topics)
    _match_slots(appointment, plan.slots)
    if changes:
        bookings.note_change(active_bookings([appointment]), ta, changes)


def _changes_to_tell(appointment: Appointment, plan: Plan) -> str:
    lines = []
    if appointment.location != plan.location:
        lines.append(_("New place: %(place)s") % {"place": plan.location})
    if appointment.notes != plan.notes:
        lines.append(_("New notes: %(notes)s") % {"notes": plan.notes or _("none")})
    return "\n".join(lines)


def _match_slots(appointment: Appointment, spans: Sequence[Span]) -> None:
    """Keep the slots that still fit, add new ones, take off the rest.

    A slot that a cancelled booking points at is only withdrawn: history stays.
    """
    wanted = {(span.start, span.end) for span in spans}
    present = {(slot.starts_at, slot.ends_at): slot for slot in appointment.slots.all()}
    stay = [slot.pk for times, slot in present.items() if times in wanted]
    go = [slot.pk for times, slot in present.items() if times not in wanted]
    slots = TimeSlot.objects.filter(appointment=appointment)
    slots.filter(pk__in=stay).update(withdrawn=False, capacity=appointment.capacity)
    slots.filter(pk__in=go, bookings__isnull=True).delete()
    slots.filter(pk__in=go).update(withdrawn=True)
    _make_slots(appointment, [span for span in spans if (span.start, span.end) not in present])
