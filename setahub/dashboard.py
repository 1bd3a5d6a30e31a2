"""What the start page of a signed-in user shows. Every list is short, whatever the site's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    F,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat import pages as conversations
from scheduling import appointment_pages, booking_pages, pages
from scheduling.free import FreeTime, soonest_topics
from scheduling.models import Appointment, Booking, BookingEvent, TimeSlot
from scheduling.models.appointments import BOOKABLE, Bookable
from setahub.lib import when
from setahub.lib.compiled import Compiled, in_steps
from setahub.lib.policy import LONGEST_SESSION, policy
from topics.models import Registration, Topic

BOOKINGS = 4
SESSIONS = 3
NEWS = 5
WEEK = timedelta(days=7)
TILES = 6
CHIPS = 2
NEAR = timedelta(hours=6)
CANDIDATES = 8  # the user's own bookings may stand in the way of the first ones
LANDING_TOPICS = 6


@dataclass(frozen=True)
class Tile:
    """A topic with free time, and the soonest slots of it that the user can book.

    Or could, but for the number of their bookings.
    """

    topic: Topic
    free: FreeTime
    slots: Sequence[TimeSlot]

    @property
    def chips(self) -> list[tuple[TimeSlot, str]]:
        """Each slot with its time in few words."""
        return [(slot, FreeTime(1, slot.starts_at).next_label) for slot in self.slots]


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
    coming = booking_pages.coming(user, now)[: BOOKINGS + 1]
    taught = pages.is_ta(user)
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
    hour = when.local(now).hour
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening") if hour >= 18 else _("Hello")  # whoever is up late knows


def sessions(user: User, now: datetime) -> Sequence[Appointment]:
    """The TA's next sessions, each with ``seats`` and ``booked``."""
    found = _sessions(ta=user.pk, now=now)[:SESSIONS]
    prefetch_related_objects(found, "topics")
    return found


_sessions = Compiled(
    lambda ta, now: appointment_pages.with_load(Appointment.objects.of(ta).upcoming(now)),
    ta=BigIntegerField(),
    now=DateTimeField(),
)


def tiles(user: User, now: datetime) -> dict[str, Any]:
    """``tiles``: the topics with free time this week, soonest first; ``limits``: above them."""
    bookable = Bookable.at(now)
    soonest = soonest_topics(TILES, bookable)
    slots = _soonest_slots(soonest, bookable)
    limits = pages.mark_clashes(user, [slot for found in slots.values() for slot in found])
    shown = [
        Tile(topic, free, pages.to_show(slots.get(topic.pk, ()))[:CHIPS]) for topic, free in soonest
    ]
    return {"tiles": shown, "limits": limits}


def _soonest_slots(
    topics: Sequence[tuple[Topic, FreeTime]], bookable: Bookable
) -> dict[int, list[TimeSlot]]:
    """The first few free slots of each topic, with their TA. Two queries."""
    if not topics:
        return {}
    # Only where each topic's free time begins: ranking all of it would read it all.
    begin = tuple(free.next_at for _topic, free in topics)
    rows = _beginnings(
        topics=tuple(topic.pk for topic, _free in topics),
        begin=begin,
        end=tuple(moment + NEAR for moment in begin),
        **vars(bookable),
    )
    first: dict[int, list[int]] = {}
    for topic_id, slot_id in rows:
        first.setdefault(topic_id, []).append(slot_id)
    first = {topic_id: found[:CANDIDATES] for topic_id, found in first.items()}
    ids = sorted({pk for found in first.values() for pk in found})
    slots = {slot.pk: slot for slot in _slots(ids=in_steps(ids))} if ids else {}
    return {topic_id: [slots[pk] for pk in found] for topic_id, found in first.items()}


def _build_beginnings(topics: Any, begin: Any, end: Any, **bookable: Any) -> "QuerySet[Any, Any]":
    near = Q(pk__in=())
    for topic, start, stop in zip(topics, begin, end, strict=True):
        near |= Q(appointment__topics=topic, starts_at__range=(start, stop))
    slots = TimeSlot.objects.free_each_topic(near, Bookable(**bookable))
    return slots.soonest().values_list("topic", "pk")  # type: ignore[misc]


_beginnings = Compiled(
    _build_beginnings,
    topics=BigIntegerField(),
    begin=DateTimeField(),
    end=DateTimeField(),
    **BOOKABLE,
)
_slots = Compiled(lambda ids: TimeSlot.objects.with_ta().filter(pk__in=ids), ids=BigIntegerField())


def news(user: User, now: datetime) -> list[News]:
    """What others did lately to the user's coming or just cancelled bookings, newest first."""
    ids = _of_late(user, now)
    events = _events(ids=in_steps(ids), since=now - WEEK, user=user.pk)[:NEWS] if ids else []
    return [
        News(
            event,
            booking_pages.glyph(event),
            booking_pages.tell(event, user),
            booking_pages.detail(event, user),
        )
        for event in events
    ]


_events = Compiled(
    lambda ids, since, user: (
        BookingEvent.objects.filter(booking__id__in=ids, created_at__gte=since)
        .exclude(actor=user)
        .select_related("actor", "booking__topic", "booking__ta")
        .order_by("-created_at", "-pk")
    ),
    ids=BigIntegerField(),
    since=DateTimeField(),
    user=BigIntegerField(),
)


def _of_late(user: User, now: datetime) -> list[int]:
    """Ids of the user's coming and lately cancelled bookings, taken and given. One query."""
    since = now - WEEK
    return sorted(_ids(user=user.pk, now=now, since=since, begun=since - LONGEST_SESSION))


def _build_ids(user: Any, now: Any, since: Any, begun: Any) -> "QuerySet[Any, int]":
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


_ids = Compiled(
    _build_ids,
    user=BigIntegerField(),
    now=DateTimeField(),
    since=DateTimeField(),
    begun=DateTimeField(),
)


def _may_teach(user: User) -> bool:
    """Far enough in their studies, and not registered yet, not even waiting for approval."""
    return (user.year or 0) >= policy.ta_min_year and not Registration.objects.filter(
        user=user.pk
    ).exists()


def landing() -> dict[str, Any]:
    """A few topics with the number of their TAs, those with most first."""
    topics = Topic.objects.listed().with_ta_count().order_by(F("ta_count").desc(), "name_key")
    return {"topics": list(topics[:LANDING_TOPICS])}
