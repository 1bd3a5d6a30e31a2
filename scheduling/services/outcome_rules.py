"""What may be said of a booking once it has begun, by whom and when: each rule once, as in ``rules``."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Booking, Dispute
from scheduling.queries.outcomes import said_by_staff
from scheduling.services.rules import in_words
from setahub.core import clock
from setahub.policy.current import policy

Status = Booking.Status


def check_outcome(booking: Booking, actor: User, status: str, *, decided: bool = False) -> None:
    """Its TA says how it went, from the start (no-show: a little later) to some days after the end.

    ``decided``: the staff have said it (``queries.outcomes.said_by_staff``), so that it stays.
    """
    if actor.pk != booking.ta_id:
        raise SchedulingError("role", _("Only the TA can say how it went."))
    if decided:
        raise _decided()
    now = timezone.now()
    _check_began(booking, now)
    if status == Status.NO_SHOW and now < booking.starts_at + policy.no_show_after:
        raise SchedulingError(
            "early",
            _("Please wait until %(time)s after the start.")
            % {"time": in_words(policy.no_show_after.total_seconds())},
        )
    if status == Status.NO_SHOW and booking.checked_in_at is not None:
        raise _checked_in()
    if now > booking.ends_at + policy.outcome_switch:
        days = policy.outcome_switch.days
        raise SchedulingError(
            "too_late",
            ngettext(
                "This could only be changed for %(days)d day after the end.",
                "This could only be changed for %(days)d days after the end.",
                days,
            )
            % {"days": days},
        )


def _decided() -> SchedulingError:
    return SchedulingError("decided", _("The faculty's staff have decided how it went."))


def _checked_in() -> SchedulingError:
    return SchedulingError(
        "checked_in", _("The student has checked in, so this can't be a no-show.")
    )


def check_settled_by_staff(booking: Booking, status: str) -> None:
    """Staff, who settle what the two disagree on, may say how it went at any time after the start."""
    _check_began(booking, timezone.now())
    if status == Status.NO_SHOW and booking.checked_in_at is not None:
        raise _checked_in()


def check_reported(booking: Booking) -> None:
    """Its student reported that the TA did not come, and nobody has settled it."""
    if booking.status == Status.CANCELLED:
        raise SchedulingError("cancelled", _("This booking was cancelled."))
    if booking.ta_absent_at is None:
        raise SchedulingError("no_report", _("No report that the TA did not come waits here."))


def check_report_back(booking: Booking, student: User) -> None:
    """Its student takes the report back; not where the TA says that the student did not come."""
    if booking.student_id != student.pk:
        raise SchedulingError("role", _("Only the student can take the report back."))
    check_reported(booking)
    if booking.status == Status.NO_SHOW:
        raise SchedulingError("no_show", _("Your TA says that you did not come: the staff decide."))


def check_absence_report(booking: Booking, actor: User) -> None:
    """Its student says that the TA did not come, from the start to ``AUTO_COMPLETE`` after the end."""
    if actor.pk != booking.student_id:
        raise SchedulingError("role", _("Only the student can report this."))
    now = timezone.now()
    _check_began(booking, now)
    if now > booking.ends_at + policy.auto_complete:
        raise SchedulingError(
            "too_late",
            _("This could only be reported until %(time)s after the end.")
            % {"time": in_words(policy.auto_complete.total_seconds())},
        )
    if said_by_staff([booking.pk]):
        raise _decided()


def check_check_in(booking: Booking, student: User) -> None:
    """Its student shows to be there, from shortly before the own slot to its end."""
    if booking.student_id != student.pk:
        raise SchedulingError("role", _("Only the student can check in."))
    if booking.status == Status.CANCELLED:
        raise SchedulingError("cancelled", _("This booking was cancelled."))
    now, opens = timezone.now(), booking.starts_at - policy.join_before
    if now < opens:
        raise SchedulingError(
            "early", _("You can check in from %(time)s on.") % {"time": clock.full(opens)}
        )
    if now >= booking.ends_at:
        raise SchedulingError("too_late", _("It is over, so nobody can check in any more."))


def check_dispute(booking: Booking, student: User) -> None:
    """Its student says once that a no-show is wrong."""
    if booking.student_id != student.pk:
        raise SchedulingError("role", _("Only the student can say this."))
    if booking.status != Status.NO_SHOW:
        raise SchedulingError("no_no_show", _("This booking is not marked as a no-show."))
    if Dispute.objects.filter(booking=booking).exists():
        raise SchedulingError("disputed", _("You have said this already."))
    if booking.ta_absent_at is not None:
        raise SchedulingError(
            "reported", _("You reported that the TA did not come: the staff decide about both.")
        )
    if said_by_staff([booking.pk]):
        raise _decided()


def _check_began(booking: Booking, now: datetime) -> None:
    if booking.status == Status.CANCELLED:
        raise SchedulingError("cancelled", _("This booking was cancelled."))
    if now < booking.starts_at:
        raise SchedulingError("early", _("It hasn't started yet."))
