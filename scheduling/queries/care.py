"""What TAs ask to be spared: their own limits, and which of their slots these keep from being free."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from scheduling.models import Booking, TeachingLimits, TimeSlot
from setahub.core import clock
from setahub.policy.current import LONGEST_SESSION

AWAY, WEEK_FULL, BREAK = "away", "week_full", "break"
FAR = timedelta(days=1)  # before now, no stretch of slots that reaches to it began earlier


def limits_of(ta: User) -> TeachingLimits:
    """The TA's own limits; without any, none of them stored."""
    return TeachingLimits.objects.filter(ta=ta).first() or TeachingLimits(ta=ta)


def booked_this_week(ta: User) -> int:
    """How many slots of the TA's are booked in the faculty's week that is on, however they went."""
    monday = clock.monday(clock.today())
    span = clock.day_bounds(monday)[0], clock.day_bounds(monday + timedelta(days=7))[0]
    kept = Booking.objects.of_ta(ta.pk).kept().inside(span)
    return kept.values("slot").distinct().count()


@dataclass(frozen=True)
class Slot:
    """A slot of a TA's. ``engaged``: booked, however that went, or a seat is held in it."""

    pk: int
    starts_at: datetime
    ends_at: datetime
    engaged: bool
    spared: bool = False

    @property
    def week(self) -> date:
        return clock.monday(clock.local(self.starts_at).date())


def why_spared(slot_id: int, leaving: Booking | None = None) -> str:
    """Which limit of its TA keeps a slot from being free, as ``spared`` calls it, or "".

    ``leaving``: a booking that doesn't count. Two queries, one where its TA has no limits.
    """
    limits = TeachingLimits.objects.filter(ta__appointments__slots=slot_id).first()
    return spared(limits, slots_of(limits.ta_id, leaving)).get(slot_id, "") if limits else ""


def slots_of(ta_id: int, leaving: Booking | None = None) -> list[Slot]:
    """The slots of a TA from the beginning of the week on, in order. One query."""
    kept = Booking.objects.kept().filter(slot=OuterRef("pk"))
    if leaving is not None:
        kept = kept.exclude(pk=leaving.pk)
    monday = clock.day_bounds(clock.monday(clock.today()))[0]
    rows = TimeSlot.objects.of_ta(ta_id).standing().soonest()
    since = min(monday, timezone.now() - FAR)
    # The second follows from the first; by it, the search begins at the sessions of these days.
    rows = rows.filter(starts_at__gte=since, appointment__starts_at__gte=since - LONGEST_SESSION)
    values = rows.values_list("pk", "starts_at", "ends_at", "held", Exists(kept), "spared")
    return [
        Slot(pk, start, end, bool(held or kept), spared)
        for pk, start, end, held, kept, spared in values
    ]


def spared(limits: TeachingLimits, slots: Iterable[Slot]) -> dict[int, str]:
    """Which of a TA's slots, in order of time, the limits keep from being free, and which limit."""
    rows = list(slots)
    engaged = [each for each in rows if each.engaged]
    weeks = Counter(each.week for each in engaged)
    ending = _rows([(each.starts_at, each.ends_at) for each in engaged])
    starting = _rows([(each.ends_at, each.starts_at) for each in reversed(engaged)])
    found = {}
    for each in rows:
        in_a_row = ending.get(each.starts_at, 0) + 1 + starting.get(each.ends_at, 0)
        if limits.back_at is not None and each.starts_at < limits.back_at:
            found[each.pk] = AWAY
        elif each.engaged:
            continue  # it may be filled
        elif limits.weekly_slots is not None and weeks[each.week] >= limits.weekly_slots:
            found[each.pk] = WEEK_FULL
        elif limits.slots_in_a_row is not None and in_a_row > limits.slots_in_a_row:
            found[each.pk] = BREAK
    return found


def _rows(edges: Iterable[tuple[datetime, datetime]]) -> dict[datetime, int]:
    """How many slots meet each other up to the far edge of each; ``edges``: near and far of each."""
    counts: dict[datetime, int] = {}
    for near, far in edges:
        counts[far] = counts.get(near, 0) + 1
    return counts
