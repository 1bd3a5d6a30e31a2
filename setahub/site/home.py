"""What the start page of a signed-in user shows. Every list is short, whatever the site's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat.queries import conversations
from scheduling import history
from scheduling.models import Appointment, Booking, BookingEvent
from scheduling.models.appointments import Bookable
from scheduling.queries.appointments import given
from scheduling.queries.bookings import taken
from scheduling.queries.free import Counts, counts, soonest_of_each, soonest_topics
from scheduling.queries.obstacles import Obstacle
from scheduling.views.contexts.slots import Chip, chips
from setahub.core import clock
from setahub.core.db.prepared import padded, prepared
from setahub.policy.current import LONGEST_SESSION, policy
from topics.models import Registration, Topic
from topics.queries.topics import is_ta

BOOKINGS = 4
SESSIONS = 3
NEWS = 5
OPEN = (None, Obstacle.LIMIT)  # what of a time is shown: its chip says that it is closed
WEEK = timedelta(days=7)
TILES = 6
CHIPS = 2
CANDIDATES = 8  # the user's own bookings may stand in the way of the first ones
LANDING_TOPICS = 6


@dataclass(frozen=True)
class Tile:
    """A topic with free time, and the soonest slots of it that the user can book.

    Or could, but for the number of their bookings.
    """

    topic: Topic
    counts: Counts
    chips: Sequence[Chip]


@dataclass(frozen=True)
class News:
    """Something that another did to one of the user's bookings."""

    event: BookingEvent
    glyph: str
    text: str
    detail: str

    @property
    def booking(self) -> Booking:
        return self.event.booking


def dashboard(user: User) -> dict[str, Any]:
    """The next bookings, the next TA sessions, what changed, who wrote, and where there is time this week."""
    now = timezone.now()
    coming = taken(user.pk, now, tab="upcoming")[: BOOKINGS + 1]
    taught = is_ta(user)
    return {
        "greeting": greeting(now),
        "next": coming[0] if coming else None,
        "coming": coming[1:BOOKINGS],
        "more_coming": len(coming) > BOOKINGS,
        "sessions": sessions(user, now),
        "is_ta": taught,
        "news": news(user, now),
        "conversations": conversations.latest(user),
        **tiles(user, now),
        "may_teach": not taught and _may_teach(user),
    }


def greeting(now: datetime) -> str:
    """By the faculty's clock."""
    hour = clock.local(now).hour
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening") if hour >= 18 else _("Hello")  # whoever is up late knows


def sessions(user: User, now: datetime) -> Sequence[Appointment]:
    """The TA's next sessions, each with ``seats`` and ``booked``."""
    found = given(user.pk, now, tab="upcoming")[:SESSIONS]
    prefetch_related_objects(found, "topics")
    return found


def tiles(user: User, now: datetime) -> dict[str, Any]:
    """``tiles``: the topics with free time this week, soonest first; ``limits``: above them."""
    bookable = Bookable.at(now)
    soonest = soonest_topics(TILES)
    begins = {topic.pk: counted.free.next_at for topic, counted in soonest if counted.free}
    slots = soonest_of_each(begins, CANDIDATES, bookable)
    marked, limits = chips(user, [slot for found in slots.values() for slot in found])
    by_slot = {chip.slot.pk: chip for chip in marked if chip.obstacle in OPEN}
    tiles = []
    for topic, counted in soonest:
        found = [by_slot[slot.pk] for slot in slots.get(topic.pk, ()) if slot.pk in by_slot]
        tiles.append(Tile(topic, counted, found[:CHIPS]))
    return {"tiles": tiles, "limits": limits}


def news(user: User, now: datetime) -> list[News]:
    """What others did lately to the user's coming or just cancelled bookings, newest first."""
    ids = _of_late(user, now)
    events = _events(padded(ids), now - WEEK, user.pk)[:NEWS] if ids else []
    return [
        News(event, history.glyph(event), history.tell(event, user), history.detail(event, user))
        for event in events
    ]


@prepared
def _events(ids: tuple[int, ...], since: datetime, user: int) -> "QuerySet[BookingEvent]":
    return (
        BookingEvent.objects.filter(booking__id__in=ids, created_at__gte=since)
        .exclude(actor=user)
        .select_related("actor", "booking__topic", "booking__ta")
        .order_by("-created_at", "-pk")
    )


def _of_late(user: User, now: datetime) -> list[int]:
    """Ids of the user's coming and lately cancelled bookings, taken and given. One query."""
    since = now - WEEK
    return sorted(_ids(user.pk, now, since, since - LONGEST_SESSION))


@prepared
def _ids(user: int, now: datetime, since: datetime, begun: datetime) -> "QuerySet[Booking, int]":
    live = Q(status=Booking.Status.BOOKED, ends_at__gt=now)
    lost = Q(status=Booking.Status.CANCELLED, cancelled_at__gte=since, ends_at__gt=since)
    # In parts that an index serves each; cancelled ones of a TA are found through the sessions.
    taken = Booking.objects.of_student(user).filter(live | lost)
    given = Booking.objects.of_ta(user).filter(live)
    missed = Booking.objects.filter(
        lost, slot__appointment__ta=user, slot__appointment__starts_at__gt=begun
    )
    ids = taken.values_list("pk", flat=True)
    return ids.union(*(rows.values_list("pk", flat=True) for rows in (given, missed)))


def _may_teach(user: User) -> bool:
    """Far enough in their studies, and not registered yet, not even waiting for approval."""
    return (user.year or 0) >= policy.ta_min_year and not Registration.objects.filter(
        user=user.pk
    ).exists()


def landing() -> dict[str, Any]:
    """A few topics, each with the number of its TAs, those with most first."""
    counted = counts()
    most = sorted(counted, key=lambda topic_id: -counted[topic_id].tas)[:LANDING_TOPICS]
    topics = Topic.objects.in_bulk(most)
    return {"topics": [(topics[each], counted[each].tas) for each in most if each in topics]}
