"""A TA's own limits."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import TeachingLimits, TimeSlot
from scheduling.services import offers, withdrawals
from scheduling.services.spared import refresh, spare_nothing
from setahub.core import clock


def set_limits(
    ta: User,
    *,
    weekly_slots: int | None = None,
    slots_in_a_row: int | None = None,
    away_until: date | None = None,
) -> TeachingLimits:
    """Free time keeps these from now on; nothing that is booked ends. None: no limit.

    What was held for somebody while the TA is away is let go, and they are told. What is free again
    is offered first to who waits for it.
    """
    if away_until is not None and away_until < clock.today():
        raise SchedulingError(
            "past", _("Choose today or a later day."), status=422, field="away_until"
        )
    back_at = clock.day_bounds(away_until)[1] if away_until else None
    with transaction.atomic():
        User.objects.locked(ta.pk)
        own = TimeSlot.objects.of_ta(ta.pk)
        before = set(own.free().values_list("pk", flat=True))
        limits = TeachingLimits(
            ta=ta, weekly_slots=weekly_slots, slots_in_a_row=slots_in_a_row, back_at=back_at
        )
        if limits.is_empty:
            TeachingLimits.objects.filter(ta=ta).delete()
            spare_nothing(ta.pk)
        else:
            limits.save()
            if back_at is not None:
                withdrawals.of_away(ta, back_at)
            refresh(ta.pk)
        offers.free_again(own.free().exclude(pk__in=before))
    return limits
