"""Saying how a booking went."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling import notifications
from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking, BookingEvent, Dispute
from scheduling.queries.outcomes import said_by_staff
from scheduling.services import outcome_rules as rules
from scheduling.services.bookings.rows import describe, locked, record
from setahub.core.web.own import told
from setahub.core.web.refusals import refusal_of
from setahub.policy.current import policy

Status = Booking.Status
Kind = BookingEvent.Kind
OUTCOMES: dict[str, str] = {Status.COMPLETED: Kind.COMPLETED, Status.NO_SHOW: Kind.NO_SHOW}


def complete(booking: Booking, actor: User) -> Booking:
    """The TA says that it took place: from the start on, changeable for 7 days after the end."""
    return _set_outcome(booking, actor, Status.COMPLETED, Kind.COMPLETED)


def mark_no_show(booking: Booking, actor: User) -> Booking:
    """The TA says that the student did not come: from 10 minutes after the start on."""
    return _set_outcome(booking, actor, Status.NO_SHOW, Kind.NO_SHOW)


def settle_all(appointment: Appointment, actor: User, outcomes: Mapping[int, str]) -> int:
    """The TA says how several bookings of a session went, all at once or none.

    ``outcomes``: ``completed`` or ``no_show`` by the booking's id. Returns of how many that was new.
    Raises SchedulingError, with each that can't be said by name in ``details``.
    """
    chosen = Booking.objects.filter(slot__appointment=appointment, pk__in=outcomes)
    with transaction.atomic():
        students = chosen.order_by().values_list("student_id", flat=True)
        User.objects.locked(appointment.ta_id, *students)
        rows = chosen.with_people().select_for_update(of=("self",), no_key=True).order_by("pk")
        new = [each for each in rows if each.status != outcomes[each.pk]]
        _check_outcomes(new, actor, outcomes)
        with notifications.one_happening():
            for booking in new:
                status = outcomes[booking.pk]
                _settle(booking, actor, status, OUTCOMES[status])
        return len(new)


def _check_outcomes(bookings: Sequence[Booking], actor: User, outcomes: Mapping[int, str]) -> None:
    """What can't be said of some of these is told by name."""
    refused, decided = [], said_by_staff([each.pk for each in bookings])
    for booking in bookings:
        said, staff_said = outcomes[booking.pk], booking.pk in decided
        refusal = refusal_of(rules.check_outcome, booking, actor, said, decided=staff_said)
        if refusal is not None:
            words = {"who": describe(booking), "why": refusal.message}
            refused.append(told("%(who)s: %(why)s", {}, **words))
    if refused:
        heading = _("Nothing was saved:")
        raise SchedulingError(
            "outcomes", f"{heading} {' '.join(refused)}", heading=heading, details=refused
        )


def settle_by_staff(booking: Booking, staff: User, status: str) -> Booking:
    """Staff say how it went, from the start on; from then on it stays so.

    ``status``: ``completed``, also instead of a no-show, or ``no_show``. It settles what the two
    disagree on: a report that the TA did not come, and what the student says against a no-show.
    """
    with transaction.atomic():
        booking = locked(booking)
        rules.check_settled_by_staff(booking, status)
        reported, booking.ta_absent_at = booking.ta_absent_at is not None, None
        if booking.status != status or reported:
            booking.status = status
            booking.save(update_fields=["status", "ta_absent_at"])
            record(booking, OUTCOMES[status], staff)
        if reported:
            notifications.report_settled(booking)
        _settle_dispute(booking, staff)
    return booking


def _settle_dispute(booking: Booking, staff: User) -> None:
    """What its student said against a no-show is decided with it."""
    stands = booking.status == Status.NO_SHOW
    decision = Dispute.Decision.UPHELD if stands else Dispute.Decision.SET_ASIDE
    waiting = Dispute.objects.select_for_update(no_key=True).filter(booking=booking, decision="")
    for found in waiting:
        found.decide(decision, staff)
        found.save()
        notifications.decided(found)


def report_ta_absent(booking: Booking, student: User) -> Booking:
    """The student says that the TA did not come: from the start until 24 hours after the end.

    The staff decide (``settle_by_staff``, ``confirm_absence``); until then it counts for nobody.
    """
    with transaction.atomic():
        booking = locked(booking)
        if booking.ta_absent_at is not None and booking.student_id == student.pk:
            return booking
        rules.check_absence_report(booking, student)
        booking.ta_absent_at = timezone.now()
        booking.save(update_fields=["ta_absent_at"])
        record(booking, Kind.TA_ABSENT, student)
        notifications.reported(booking)
    return booking


def take_report_back(booking: Booking, student: User) -> Booking:
    """The student says that the TA came after all, while the staff have not decided."""
    with transaction.atomic():
        booking = locked(booking)
        if booking.ta_absent_at is None and booking.student_id == student.pk:
            return booking
        rules.check_report_back(booking, student)
        booking.ta_absent_at, booking.status = None, Status.COMPLETED
        booking.save(update_fields=["ta_absent_at", "status"])
        record(booking, Kind.COMPLETED, student)
    return booking


def complete_overdue(booking: Booking) -> None:
    """Complete a booking that ended a day ago and that nobody said anything about."""
    with transaction.atomic():
        booking = locked(booking)
        if booking.status == Status.BOOKED and booking.effective_status == Status.COMPLETED:
            booking.status = Status.COMPLETED
            booking.save(update_fields=["status"])
            at = booking.ends_at + policy.auto_complete
            record(booking, Kind.COMPLETED, None, created_at=at)


def _set_outcome(booking: Booking, actor: User, status: str, kind: str) -> Booking:
    with transaction.atomic():
        booking = locked(booking)
        if (booking.status, booking.ta_id) == (status, actor.pk):
            return booking
        rules.check_outcome(booking, actor, status, decided=bool(said_by_staff([booking.pk])))
        return _settle(booking, actor, status, kind)


def _settle(booking: Booking, actor: User, status: str, kind: str) -> Booking:
    if booking.status != status:
        booking.status = status
        booking.save(update_fields=["status"])
        record(booking, kind, actor)
        if status == Status.NO_SHOW:
            notifications.missed(booking)
    return booking
