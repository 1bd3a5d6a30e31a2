"""A student's word against a no-show, and what staff decide."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling import notifications
from scheduling.errors import SchedulingError
from scheduling.models import Booking, Dispute
from scheduling.services import outcome_rules as rules
from scheduling.services.bookings.rows import locked
from setahub.core.text import trimmed


def dispute(booking: Booking, student: User, reason: str) -> Dispute:
    """The student says that the no-show is wrong: it counts nothing until staff decide.

    Once for each; whoever has done so already has done so. Raises SchedulingError.
    """
    with transaction.atomic():
        booking = locked(booking)
        before = Dispute.objects.filter(booking=booking).first()
        if before is not None and booking.student_id == student.pk:
            return before
        rules.check_dispute(booking, student)
        return Dispute.objects.create(booking=booking, reason=trimmed(reason))


def decide(found: Dispute, staff: User, decision: Dispute.Decision) -> Dispute:
    """Staff say whether the no-show counts; the student is told. Raises SchedulingError."""
    with transaction.atomic():
        locked(found.booking)
        rows = Dispute.objects.select_related("booking")
        row = rows.select_for_update(of=("self",), no_key=True).get(pk=found.pk)
        if row.decision:
            raise SchedulingError("decided", _("This was decided already."))
        if not row.is_waiting:
            raise SchedulingError("no_no_show", _("This booking is no longer marked as a no-show."))
        row.decide(decision, staff)
        row.save()
        notifications.decided(row)
    return row
