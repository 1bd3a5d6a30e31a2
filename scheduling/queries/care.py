"""What TAs ask to be spared: their own limits, and how far they are."""

from django.db.models import BooleanField, ExpressionWrapper
from django.utils import timezone

from accounts.models import User
from scheduling.models import Booking, TeachingLimits, TimeSlot
from scheduling.models.care import away, due_a_break, full_week
from scheduling.models.slots import faculty_weeks
from setahub.core import clock


def limits_of(ta: User) -> TeachingLimits:
    """The TA's own limits; without any, none of them stored."""
    return TeachingLimits.objects.filter(ta=ta).first() or TeachingLimits(ta=ta)


def booked_this_week(ta: User) -> int:
    """How many slots of the TA's are booked in the faculty's week that is on, however they went."""
    first = clock.monday(clock.today())
    start, end = clock.week_starts(clock.day_bounds(first)[0], 2)
    kept = Booking.objects.of_ta(ta.pk).kept().inside((start, end))
    return kept.values("slot").distinct().count()


def why_spared(slot: TimeSlot, leaving: Booking | None = None) -> str:
    """Which limit of its TA keeps a slot from being free: its code, or "". One query."""
    leaving_id = leaving.pk if leaving else None
    conditions = {
        "away": away(),
        "week_full": full_week(faculty_weeks(timezone.now()), leaving_id),
        "break": due_a_break(leaving_id),
    }
    asked = [ExpressionWrapper(each, output_field=BooleanField()) for each in conditions.values()]
    found = TimeSlot.objects.filter(pk=slot.pk).values_list(*asked).get()
    return next((code for code, is_so in zip(conditions, found, strict=True) if is_so), "")
