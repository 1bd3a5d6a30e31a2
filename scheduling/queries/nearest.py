"""The free times that are closest to one that somebody can't have, or no longer has."""

from datetime import datetime

from django.db.models import Q

from scheduling.models import TimeSlot
from scheduling.models.slots import Bookable, TimeSlotQuerySet
from scheduling.queries.free import offered
from scheduling.queries.obstacles import Obstacles
from setahub.core.db.prepared import prepared
from topics.models import Topic

NEAREST = 6
SHOWN = (
    *("appointment", "starts_at", "ends_at", "capacity", "taken", "held"),
    *("appointment__location", "appointment__slot_minutes", "appointment__ta__username"),
)


def nearest_free(
    obstacles: Obstacles, topic: Topic | None, ta_id: int, to: datetime, *, but: int = 0
) -> list[TimeSlot]:
    """The free slots closest in time to ``to`` that a student can take, of that TA; else of any.

    At most six, in order of time. ``obstacles``: the student's; ``but``: a slot left out. One query
    of each kind, or two where something stands in the student's way.
    """
    of_ta = nearest_of_ta(obstacles, topic, ta_id, to, but=but)
    return of_ta or _closest(obstacles, topic, to, but=but)


def nearest_of_ta(
    obstacles: Obstacles, topic: Topic | None, ta_id: int, to: datetime, *, but: int = 0
) -> list[TimeSlot]:
    """The same of that TA alone."""
    return _closest(obstacles, topic, to, but=but, ta=ta_id)


def nearest_instead(
    obstacles: Obstacles, topic: Topic, ta_id: int, to: datetime, *, but: int
) -> tuple[list[TimeSlot], list[TimeSlot]]:
    """The free slots closest to ``to`` that the student can take: that TA's, then those of others.

    At most six in all, both in order of time.
    """
    own = nearest_of_ta(obstacles, topic, ta_id, to, but=but)
    others: list[TimeSlot] = []
    if len(own) < NEAREST:
        others = _closest(obstacles, topic, to, but=but, but_ta=ta_id, most=NEAREST - len(own))
    return own, others


def _closest(
    obstacles: Obstacles,
    topic: Topic | None,
    to: datetime,
    *,
    but: int,
    ta: int | None = None,
    but_ta: int | None = None,
    most: int = NEAREST,
) -> list[TimeSlot]:
    asked = (topic.pk if topic else None, ta, but_ta, but, to, Bookable.at())
    candidates = list(_nearest(*asked, each=NEAREST))
    possible = [slot for slot in candidates if not obstacles.of(slot)]
    if len(possible) < len(candidates):  # for one in whose way something stands, as for few
        possible = [slot for slot in _nearest(*asked, each=2 * NEAREST) if not obstacles.of(slot)]
    possible.sort(key=lambda slot: (abs(slot.starts_at - to), slot.starts_at < to))
    nearest = possible[:most]
    return sorted(nearest, key=lambda slot: (slot.starts_at, slot.pk))


@prepared
def _nearest(
    topic: int | None,
    ta: int | None,
    but_ta: int | None,
    but: int,
    to: datetime,
    bookable: Bookable,
    *,
    each: int,
) -> TimeSlotQuerySet:
    """The first after ``to`` and the last before it, so many of each, with what lists of times show."""
    slots = offered(topic, ta, bookable).filter(~Q(pk=but))
    if but_ta is not None:
        slots = slots.filter(~Q(appointment__ta=but_ta))
    later = slots.filter(starts_at__gte=to).soonest()
    earlier = slots.filter(starts_at__lt=to).order_by("-starts_at", "-pk")
    both = _first(later, each).union(_first(earlier, each), all=True)
    return both.order_by("starts_at", "pk")


def _first(slots: TimeSlotQuerySet, number: int) -> TimeSlotQuerySet:
    # SQLite takes no part of a union that has an end of its own.
    first = TimeSlot.objects.filter(pk__in=slots.values("pk")[:number])
    return first.with_ta().only(*SHOWN)
