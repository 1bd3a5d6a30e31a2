"""Which slots a TA's own limits spare, kept in ``TimeSlot.spared`` so that looking for free time costs
nothing more.

Whatever engages a slot, lets it go or opens one has it made anew, under the TA's lock and in the same
transaction; what ends an offer has a task do it, so that for a moment more is spared, never less.
"""

from scheduling.models import TeachingLimits, TimeSlot
from scheduling.queries.care import slots_of, spared
from scheduling.queries.free import count_anew


def refresh(ta_id: int) -> list[int]:
    """Make it right for the slots of this TA, whose row is locked. Returns which are spared no more.

    One query for a TA without limits.
    """
    limits = TeachingLimits.objects.filter(ta=ta_id).first()
    if limits is None:
        return []
    slots = slots_of(ta_id)
    found = spared(limits, slots)
    on = [each.pk for each in slots if each.pk in found and not each.spared]
    off = [each.pk for each in slots if each.spared and each.pk not in found]
    for ids, value in ((on, True), (off, False)):
        if ids:
            TimeSlot.objects.filter(pk__in=ids).update(spared=value)
    if on or off:
        count_anew()
    return off


def spare_nothing(ta_id: int) -> None:
    """This TA has no limits any more."""
    TimeSlot.objects.of_ta(ta_id).filter(spared=True).update(spared=False)
