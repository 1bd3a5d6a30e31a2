"""Opening time, changing it, taking it back, and opening a past week again."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from scheduling import notifications
from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking
from scheduling.queries.appointments import in_week
from scheduling.queries.bookings import active_bookings
from scheduling.queries.series import ONE, in_scope, taken_back, was_taken_back
from scheduling.services import bookings, offers, withdrawals
from scheduling.services.changes import Change
from scheduling.services.plan import Plan, check_times, meetings, misfit, obstacles, term
from scheduling.services.rows import Edited, apply, check_keeps_bookings, collide, create
from setahub.core import clock
from setahub.core.text import trimmed
from setahub.core.web import ratelimit
from setahub.policy.current import policy
from topics.models import Topic

CLOSED_CODES = (
    "cancelled",
    "over",
)  # codes of refusals after which nothing can be changed any more
CHANGED_CODE = "changed"  # code of the refusal after which both values are shown
RATE_SECONDS = 600
NO_REASON = gettext_lazy("Say why: the reason stays with the session.")


def open_time(
    ta: User, plan: Plan, *, repeat_until: date | None = None, skip_conflicts: bool = False
) -> list[Appointment]:
    """Make one appointment, or one for each week of a series: as ``open_weekly`` of one stretch."""
    return open_weekly(ta, [plan], repeat_until=repeat_until, skip_conflicts=skip_conflicts)


def open_weekly(
    ta: User,
    stretches: Sequence[Plan],
    *,
    repeat_until: date | None,
    skip_conflicts: bool = False,
    skip_exam_weeks: bool = False,
) -> list[Appointment]:
    """Make each of these stretches, and again every week, as a series of its own.

    Nothing is made unless all of it fits, or the TA says to skip what doesn't. What stands already
    just as it is asked for, is the answer. Raises SchedulingError, with the colliding days in
    ``details``.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        plans = term(stretches, repeat_until, skip_exam_weeks=skip_exam_weeks)
        _check_teaches(ta, stretches[0].topics)
        # The first days were checked; the weeks after them may go beyond what a single one may.
        limit = max(each.day for each in stretches) + policy.max_repeat
        fitting, standing = _fitting(ta, plans, limit=limit, skip_conflicts=skip_conflicts)
        weeks = Counter(plan.stretch for plan in fitting)
        series = {stretch: uuid.uuid4() for stretch, number in weeks.items() if number > 1}
        if not standing:
            check_rate(ta)
        return standing or [create(ta, each, series.get(each.stretch)) for each in fitting]


def copy_week(ta: User, week: date, to: date, *, skip_conflicts: bool = False) -> list[Appointment]:
    """Open a whole week again: each appointment of ``week`` on the same weekday of ``to``'s week.

    What no longer can be (past, colliding, a topic no longer taught) is reported like a collision.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        plans = copies(ta, week, to)
        limit = clock.today() + policy.max_ahead
        fitting, standing = _fitting(ta, plans, limit=limit, skip_conflicts=skip_conflicts)
        if not standing:
            check_rate(ta)
        return standing or [create(ta, each, None) for each in fitting]


def copies(ta: User, week: date, to: date) -> list[Plan]:
    """What copying the one week into the other asks for. Raises SchedulingError where that is none."""
    shift = clock.monday(to) - clock.monday(week)
    if not shift:
        raise SchedulingError(
            "same_week", _("Choose another week to copy to."), status=422, field="to"
        )
    source = in_week(ta, week)
    if not source:
        raise SchedulingError("empty_week", _("There is no session in that week to copy."))
    taught = set(Topic.objects.taught_by(ta.pk))
    return [Plan.of(each, shift=shift, topics=taught) for each in source]


def copying_obstacles(ta: User, plans: Sequence[Plan]) -> list[str]:
    """For each of these copies why it can't be, or ""."""
    return _obstacles(ta, plans, clock.today() + policy.max_ahead)


def edit(
    appointment: Appointment,
    ta: User,
    plan: Plan,
    *,
    scope: str = ONE,
    base: Plan | None = None,
    overwrite: bool = False,
) -> list[Appointment]:
    """Change one appointment, or it and all later ones of its series, by the same shift of days.

    What differs from ``base`` (what the form was filled with; else the appointment as it is) is
    changed, and nothing else; a week that has a value of its own there keeps it, unless
    ``overwrite``. Every booked slot and every booked topic stays: what would drop one is refused
    with the names of those bookings. Students are told of a new place or new notes. Raises
    SchedulingError; its code is "changed" where somebody else changed the same field.
    """
    with transaction.atomic():
        User.objects.locked(ta.pk)
        appointment = Appointment.objects.get(pk=appointment.pk)
        check_editable(appointment)
        chosen = in_scope(appointment, scope).select_for_update(no_key=True)
        edited = becoming(appointment, plan, list(chosen), base=base, overwrite=overwrite)
        _check_new_topics(ta, edited)
        _check_fits(ta, edited)
        check_keeps_bookings(edited)
        if any(each.before != each.after for each in edited):
            check_rate(ta)
        with notifications.one_happening():
            apply(edited, ta, alone=scope == ONE)
        return [each.row for each in edited]


def becoming(
    appointment: Appointment,
    plan: Plan,
    chosen: Sequence[Appointment],
    *,
    base: Plan | None,
    overwrite: bool,
) -> list[Edited]:
    """What each of ``chosen`` is, and becomes when ``appointment`` is edited to ``plan``.

    Raises SchedulingError where the edit contradicts another one, or its times are wrong.
    """
    now = Plan.of(appointment)
    change = Change(base or now, now, plan, overwrite)
    change.check_agrees()
    wanted = change.applied(now)
    if (wanted.times, wanted.slot_minutes) != (now.times, now.slot_minutes):
        check_times(wanted, timezone.now(), began=appointment.starts_at)
    prefetch_related_objects(chosen, "topics")
    weeks = [(each, Plan.of(each)) for each in chosen]
    return [Edited(each, week, change.applied(week, each.own.split())) for each, week in weeks]


def cancel(appointment: Appointment, ta: User, reason: str, *, scope: str = ONE) -> int:
    """Take back one appointment, or it and all later ones of its series, before they start.

    Cancels their bookings for ``reason`` and keeps all of it as history. Returns how many bookings
    were cancelled; also when all of it was taken back for this reason before.
    """
    reason = trimmed(reason)
    with transaction.atomic():
        User.objects.locked(ta.pk)
        appointment = Appointment.objects.get(pk=appointment.pk)
        if was_taken_back(appointment, reason, scope):
            gone = Booking.objects.filter(cancelled_by=ta, cancel_reason=reason)
            return gone.filter(slot__appointment__in=taken_back(appointment, scope)).count()
        check_cancellable(appointment)
        chosen = list(in_scope(appointment, scope).select_for_update(no_key=True))
        affected = active_bookings(chosen)
        if not reason:
            raise SchedulingError.beside("reason", NO_REASON)
        check_rate(ta)
        end(chosen, ta, reason)
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


def end(
    chosen: Sequence[Appointment], actor: User | None, reason: str = "", *, cause: str = ""
) -> None:
    """Mark these cancelled, with their active bookings; the caller holds the TA's lock.

    ``cause``: of Cause, where nobody gave a ``reason``.
    """
    offers.lock_slots(chosen)
    for each in chosen:
        withdrawals.of_dropped(each, all_of_it=True)
    with notifications.one_happening():
        bookings.cancel_all(active_bookings(chosen), actor, reason, cause=cause)
    for each in chosen:
        each.cancelled_at = timezone.now()
        each.cancel_reason, each.cancel_cause = reason, cause
        each.save(update_fields=["cancelled_at", "cancel_reason", "cancel_cause"])


# --- Checks -------------------------------------------------------------------------------------


def check_rate(ta: User) -> None:
    """Each form that opens, changes or takes back time may write to many: not too many in ten
    minutes. A term of weekly hours is one."""
    acts = ratelimit.Window(f"sessions:{ta.pk}", RATE_SECONDS)
    if ratelimit.is_on() and acts.add() > policy.session_changes:
        raise SchedulingError(
            "rate_limited",
            _(
                "You have opened, changed or cancelled sessions very often. Please wait ten minutes."
            ),
            seconds=acts.left(),
        )


def _check_teaches(ta: User, topics: Sequence[Topic]) -> None:
    """Only approved, listed topics of the TA."""
    if not topics or not set(topics) <= set(Topic.objects.taught_by(ta.pk)):
        raise SchedulingError.beside("topics", _("Choose topics that you teach."))


def _check_new_topics(ta: User, edited: Sequence[Edited]) -> None:
    """What one of these weeks has may stay and come to the others; else as ``_check_teaches``."""
    here = {topic for each in edited for topic in each.before.topics}
    new = {topic for each in edited for topic in each.after.topics} - here
    if new:
        _check_teaches(ta, list(new))
    if not edited[0].after.topics:
        raise SchedulingError.beside("topics", _("Choose at least one topic."))


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


def _fitting(
    ta: User, plans: Sequence[Plan], *, limit: date, skip_conflicts: bool
) -> tuple[list[Plan], list[Appointment]]:
    """The plans that can be made; raises unless that is all of them or the others may be skipped.

    Where all that could be made stands already, none, and what stands. ``limit``: the last day that
    is not too far ahead.
    """
    standing = _standing(ta, plans)
    reasons = _obstacles(ta, plans, limit)
    fitting = [plan for plan, reason in zip(plans, reasons, strict=True) if not reason]
    if standing and not fitting and (skip_conflicts or len(standing) == len(plans)):
        return [], standing
    if len(fitting) < len(plans) and not (skip_conflicts and fitting):
        raise collide(plans, reasons)
    return fitting, []


def _standing(ta: User, plans: Sequence[Plan]) -> list[Appointment]:
    """The TA's open appointments that are just what these plans ask for, in order."""
    sessions = Appointment.objects.of(ta.pk).open().prefetch_related("topics")
    by_start = {
        each.starts_at: each
        for each in sessions.filter(starts_at__in={p.span.start for p in plans})
    }
    there = [(by_start.get(plan.span.start), plan) for plan in plans]
    return [each for each, plan in there if each is not None and Plan.of(each).is_as(plan)]


def _check_fits(ta: User, edited: Sequence[Edited]) -> None:
    """Refuses weeks that an edit leaves without a topic, or puts where they can't be, by date."""
    reasons = becoming_obstacles(ta, edited)
    if any(reasons):
        raise collide([each.after for each in edited], reasons)


def becoming_obstacles(ta: User, edited: Sequence[Edited]) -> list[str]:
    """For each of these why it can't become that, or "". Two queries."""
    moving = [each for each in edited if each.moves]
    clashes = obstacles(
        ta.pk, [each.after for each in moving], but=[each.row.pk for each in moving]
    )
    meets_other = meetings([each.after.span for each in moving])
    now, reasons = timezone.now(), {}
    for each, reason, meets in zip(moving, clashes, meets_other, strict=True):
        start = each.after.span.start
        passed = start <= now and start != each.row.starts_at
        reasons[each.row.pk] = _("already past") if passed else reason or meets
    for each in edited:
        if not each.after.topics:
            reasons[each.row.pk] = _("no topic would be left")
        elif each.cuts_anew and not each.moves:
            reasons[each.row.pk] = misfit(each.after)
    return [reasons.get(each.row.pk, "") for each in edited]


def _obstacles(ta: User, plans: Sequence[Plan], limit: date) -> list[str]:
    """For each plan why it can't be, or ""; ``limit``: the last day that isn't too far ahead."""
    return [
        _obstacle(plan, limit) or reason
        for plan, reason in zip(plans, obstacles(ta.pk, plans), strict=True)
    ]


def _obstacle(plan: Plan, limit: date) -> str:
    """Why a copied appointment can't be, apart from collisions."""
    if plan.span.start <= timezone.now():
        return _("already past")
    if not plan.topics:
        return _("you no longer teach its topics")
    if plan.day > limit:
        return _("too far ahead")
    return ""
