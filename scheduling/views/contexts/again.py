"""The same time again, a week later."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Booking, TimeSlot
from scheduling.queries.nearest import nearest_free
from scheduling.queries.obstacles import Limits, Obstacles
from scheduling.queries.slots import slot_at
from scheduling.services.rules import LIMITS, check_bookable, limit_in_words
from scheduling.views.contexts.slots import SlotDay, seen_days
from setahub.core import clock
from setahub.core.web.refusals import Refusal, refusal_of

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
    error: Refusal | None
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
        error = _unfit(booking, viewer, slot, moment)
        if error is None:
            return cls(slot, None, [])
        obstacles = Obstacles.to(viewer)
        near = nearest_free(obstacles, booking.topic, booking.ta_id, moment)
        if not near:
            error = _at_limit(booking, obstacles, moment) or error
        return cls(None, error, seen_days(near, obstacles))


def _unfit(
    booking: Booking, viewer: User, slot: TimeSlot | None, moment: datetime
) -> Refusal | None:
    """Why there is no time to confirm: none, or for other topics. What else refuses it is said there."""
    if slot is None:
        words = {"name": booking.ta.username, "time": clock.full(moment)}
        return SchedulingError("gone", _("%(name)s has no time open on %(time)s.") % words)
    refusal = refusal_of(check_bookable, viewer, slot, booking.topic)
    return refusal if refusal is not None and refusal.code == "topic" else None


def _at_limit(booking: Booking, obstacles: Obstacles, moment: datetime) -> SchedulingError | None:
    """That no time can be had as long as the viewer has what is booked; None: there is none at all."""
    unlimited = replace(obstacles, limits=Limits())
    there = nearest_free(unlimited, booking.topic, booking.ta_id, moment)
    for slot in there:
        obstacle = obstacles.of(slot)
        if obstacle in LIMITS:
            words = limit_in_words(obstacle, slot, obstacles.limits)
            return SchedulingError(obstacle.value, words)
    return None
