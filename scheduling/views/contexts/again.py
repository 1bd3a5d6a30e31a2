"""The same time again, a week later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Booking, TimeSlot
from scheduling.queries.busy import busy_during
from scheduling.queries.nearest import nearest_free
from scheduling.queries.slots import slot_at
from scheduling.views.contexts.slots import SlotDay, open_days
from setahub.core import clock

WEEK = timedelta(weeks=1)


def same_time(booking: Booking, now: datetime | None = None) -> datetime:
    """The booking's day of the week and time, a week later, or in the first week that is to come."""
    start, now = clock.local(booking.starts_at), now or timezone.now()
    day = start.date() + WEEK
    while (moment := clock.at(day, start.time())) <= now:
        day += WEEK
    return moment


@dataclass(frozen=True)
class Again:
    """The slot that the same TA has at that time, where there is one; else why not, and the nearest."""

    slot: TimeSlot | None
    error: SchedulingError | None
    nearest: Sequence[SlotDay]

    @classmethod
    def of(cls, booking: Booking, viewer: User) -> "Again":
        """Raises SchedulingError where there is nothing to do again."""
        if booking.student_id != viewer.pk:
            raise SchedulingError("role", _("Only the student can book it again."))
        if booking.effective_status != Booking.Status.COMPLETED:
            raise SchedulingError("stands", _("Only what is completed can be booked again."))
        moment = same_time(booking)
        slot = slot_at(booking.ta_id, moment)
        if slot is not None:
            return cls(slot, None, [])
        words = {"name": booking.ta.username, "time": clock.full(moment)}
        error = SchedulingError("gone", _("%(name)s has no time open on %(time)s.") % words)
        near = nearest_free(viewer, booking.topic, booking.ta_id, moment)
        return cls(None, error, open_days(near, busy_during(viewer.pk, near)))
