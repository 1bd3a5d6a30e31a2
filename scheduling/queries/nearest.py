"""The free times that are closest to one that somebody can't have, or no longer has."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from scheduling.models import Booking, TimeSlot
from scheduling.models.slots import Bookable, TimeSlotQuerySet
from scheduling.queries.free import offered
from scheduling.queries.obstacles import Obstacles
from setahub.core.db.prepared import prepared
from topics.models import Topic

NEAREST = 6


def nearest_free(
    viewer: User,
    topic: Topic | None,
    ta_id: int,
    to: datetime,
    *,
    but: int = 0,
    moving: Booking | None = None,
    limited: bool = True,
) -> list[TimeSlot]:
    """The free slots closest in time to ``to`` that the viewer can take, of that TA; else of any.

    At most six, in order of time. ``moving``: never another TA's, and that booking is left out of
    account; ``but``: a slot left out; not ``limited``: however many bookings the viewer has.
    """
    for ta in (ta_id, None) if moving is None else (ta_id,):
        if slots := _closest(viewer, topic, to, but=but, ta=ta, moving=moving, limited=limited):
            return slots
    return []


def nearest_instead(
    viewer: User, topic: Topic, ta_id: int, to: datetime, *, but: int
) -> tuple[list[TimeSlot], list[TimeSlot]]:
    """The free slots closest to ``to`` that the viewer can take: that TA's, then those of others.

    At most six in all, both in order of time, however many bookings the viewer has.
    """
    own = _closest(viewer, topic, to, but=but, ta=ta_id, limited=False)
    others: list[TimeSlot] = []
    if len(own) < NEAREST:
        others = _closest(
            viewer, topic, to, but=but, but_ta=ta_id, limited=False, most=NEAREST - len(own)
        )
    return own, others


def _closest(
    viewer: User,
    topic: Topic | None,
    to: datetime,
    *,
    but: int,
    ta: int | None = None,
    but_ta: int | None = None,
    most: int = NEAREST,
    **account: Any,
) -> list[TimeSlot]:
    topic_id = topic.pk if topic else None
    asked = (topic_id, ta, but_ta, but, to, Bookable.at())
    # Twice as many as wanted, since some may clash with what the viewer has.
    candidates = [
        slot for later in (True, False) for slot in _nearest(*asked, later=later)[: 2 * NEAREST]
    ]
    obstacles = Obstacles.to(viewer, candidates, **account)
    possible = [slot for slot in candidates if not obstacles.of(slot)]
    nearest = sorted(possible, key=lambda slot: abs(slot.starts_at - to))[:most]
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
    later: bool,
) -> TimeSlotQuerySet:
    slots = offered(topic, ta, bookable).filter(~Q(pk=but)).with_ta()
    if but_ta is not None:
        slots = slots.filter(~Q(appointment__ta=but_ta))
    if later:
        return slots.filter(starts_at__gte=to).soonest()
    return slots.filter(starts_at__lt=to).order_by("-starts_at", "-pk")
