"""What remains of a session: its TA leaves a takeaway, its student thanks and says whether it helped."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.queries.blocks import is_blocked
from accounts.services.notices import Happening, notify
from scheduling.errors import SchedulingError
from scheduling.models import Booking, Takeaway, Thanks
from scheduling.queries.takeaways import latest_takeaway, takeaway_of, thanks_of
from scheduling.services.bookings.rows import locked
from scheduling.signals import takeaway_left
from setahub.core.text import is_blank
from setahub.policy.current import policy

Status = Booking.Status


# --- What a TA leaves behind --------------------------------------------------------------------


def check_takeaway(booking: Booking, actor: User, *, blocked: bool | None = None) -> None:
    """Its TA, from the end on, for some days: of a booking whose student came.

    ``blocked``: whether one of the two blocks the other, where that is known.
    """
    if booking.ta_id != actor.pk:
        raise SchedulingError("role", _("Only the TA can leave a takeaway."))
    if booking.status == Status.NO_SHOW:
        raise SchedulingError(
            "no_show", _("The student did not come, so there is nothing to take away.")
        )
    if booking.ta_absent_at is not None:
        raise SchedulingError("absent", _("The student reported that you did not come."))
    _check_over(booking, policy.takeaway_within)
    if booking.student.deleted_at:
        raise SchedulingError("gone", _("The student has deleted their account."))
    _check_not_blocked(booking, actor, blocked)


def leave(booking: Booking, ta: User, done: str, next_step: str = "", links: str = "") -> Takeaway:
    """Leave a takeaway, or change it. The student is told of it once, when it is new."""
    with transaction.atomic():
        booking = locked(booking)
        check_takeaway(booking, ta)
        before = takeaway_of(booking)
        takeaway = before or Takeaway(booking=booking)
        said = (done, next_step, links)
        if before and (before.done, before.next_step, before.links) == said:
            return before
        takeaway.done, takeaway.next_step, takeaway.links = said
        takeaway.edited_at = timezone.now() if before else None
        takeaway.save()
        if before is None:
            takeaway.booking = booking
            takeaway_left.send(Takeaway, takeaway=takeaway)
            about = {"takeaway": takeaway.pk}
            notify(Happening("takeaway", booking.student_id, f"takeaway-{booking.pk}", about))
    return takeaway


def check_show(booking: Booking, actor: User) -> None:
    """Its student decides whether the TA may read what they were left before."""
    if booking.student_id != actor.pk:
        raise SchedulingError("role", _("Only the student can decide this."))
    if booking.status == Status.CANCELLED:
        raise SchedulingError("cancelled", _("This booking was cancelled."))


def show(booking: Booking, student: User, *, wanted: bool) -> Booking:
    """Let the booking's TA read what the student was left last on its topic, or no longer."""
    with transaction.atomic():
        booking = locked(booking)
        check_show(booking, student)
        booking.shown_takeaway = to_show(student, booking) if wanted else None
        booking.save(update_fields=["shown_takeaway"])
    return booking


def to_show(student: User, booking: Booking) -> Takeaway | None:
    """What the booking's TA would read: of an earlier one, never of this."""
    latest = latest_takeaway(student, booking.topic)
    return None if latest is None or latest.booking_id == booking.pk else latest


# --- What a student says ------------------------------------------------------------------------


def check_thanks(booking: Booking, actor: User) -> None:
    """Its student, from the end on, for some days: of a booking that took place."""
    if booking.student_id != actor.pk:
        raise SchedulingError("role", _("Only the student can say how it was."))
    if booking.status == Status.NO_SHOW:
        raise SchedulingError(
            "no_show", _("You did not come, says your TA, so there is nothing to say.")
        )
    if booking.ta_absent_at is not None:
        raise SchedulingError("absent", _("You reported that the TA did not come."))
    _check_over(booking, policy.thanks_within)


def thank(booking: Booking, student: User, helped: str = "", thanks: str = "") -> Thanks:
    """Say whether it helped, and thank in words; the same again changes it. The TA is told of the
    first words alone, and hears nothing of the rest."""
    if is_blank(thanks):
        thanks = ""
    with transaction.atomic():
        booking = locked(booking)
        check_thanks(booking, student)
        before = thanks_of(booking)
        if thanks and (before is None or before.text != thanks):
            _check_not_blocked(booking, student)
        first = bool(thanks) and (before is None or not before.text)
        said = before or Thanks(booking=booking)
        said.helped, said.text = helped, thanks
        said.save()
        if first:
            about = {"booking": booking.pk}
            notify(Happening("thanks", booking.ta_id, f"thanks-{booking.pk}", about))
    return said


# --- Both ---------------------------------------------------------------------------------------


def _check_over(booking: Booking, within: timedelta) -> None:
    if booking.status == Status.CANCELLED:
        raise SchedulingError("cancelled", _("This booking was cancelled."))
    now = timezone.now()
    if now < booking.ends_at and booking.status != Status.COMPLETED:
        raise SchedulingError("early", _("It isn't over yet."))
    if now > booking.ends_at + within:
        days = within.days
        raise SchedulingError(
            "too_late",
            ngettext(
                "This could only be said for %(days)d day after the end.",
                "This could only be said for %(days)d days after the end.",
                days,
            )
            % {"days": days},
        )


def _check_not_blocked(booking: Booking, actor: User, blocked: bool | None = None) -> None:
    if blocked if blocked is not None else is_blocked(actor, booking.other_than(actor).pk):
        raise SchedulingError("blocked", _("No messages can be sent between you two."))
