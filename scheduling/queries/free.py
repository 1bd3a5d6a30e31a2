"""Free time: listed, counted, the nearest. All of it builds on ``TimeSlot.objects.free()``."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from scheduling.models import Appointment, Booking, Part, Place, TimeSlot
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.models.slots import Bookable, TimeSlotQuerySet
from scheduling.queries.care import why_spared
from setahub.core import clock
from setahub.core.db.prepared import padded, prepared, unseen
from setahub.core.web.shared import shared
from setahub.policy.current import policy
from topics.models import Registration, Topic
from topics.queries.topics import with_ids

FIRST_SLOTS_WITHIN = timedelta(hours=6)


@dataclass(frozen=True)
class FreeTime:
    """How many free slots there are, and when the soonest of them starts."""

    count: int
    next_at: datetime


@dataclass(frozen=True)
class Wanted:
    """Which free times are asked for; "" is any. ``part``: a ``Part``, ``place``: a ``Place``."""

    part: str = ""
    place: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Wanted":
        """What an address asks for; unknown values are left out."""
        part, place = asked.get("part", ""), asked.get("place", "")
        return cls(part if part in Part else "", place if place in Place else "")


ANY = Wanted()


@dataclass(frozen=True)
class Counts:
    """What the tile of a topic counts: its active TAs, and the free time of all of them."""

    tas: int = 0
    free: FreeTime | None = None


def is_near(moment: datetime, today: date) -> bool:
    """Today or tomorrow."""
    return clock.local(moment).date() <= today + timedelta(days=1)


def is_free(
    slot_id: int, topic_id: int | None, leaving: Booking | None = None, *, own_seat: bool = False
) -> bool:
    """Whether anybody could book the slot now, for the topic or for any. One query.

    ``leaving``: a booking that would give up its seat (three queries); ``own_seat``: one is held for
    who asks.
    """
    leaving_id = leaving.pk if leaving else None
    # What the TA's limits spare is another thing without that booking.
    limited = leaving is None
    free = _free_slot(
        slot_id, topic_id, leaving_id, Bookable.at(), own_seat=own_seat, limited=limited
    )
    if free.first() is None:
        return False
    return limited or why_spared(slot_id, leaving) == ""


@prepared
def _free_slot(
    slot: int,
    topic: int | None,
    leaving: int | None,
    bookable: Bookable,
    *,
    own_seat: bool,
    limited: bool,
) -> "QuerySet[TimeSlot, int]":
    slots = TimeSlot.objects.free(
        topic_id=topic,
        bookable=bookable,
        leaving_id=leaving,
        own_seat=own_seat,
        limited=limited,
    )
    return slots.filter(pk=slot).values_list("pk", flat=True)


# --- Listed -------------------------------------------------------------------------------------


def free_from(
    day: date,
    *,
    topic: int | None = None,
    ta: int | None = None,
    wanted: Wanted = ANY,
    limit: int | None = None,
    by: date | None = None,
) -> list[TimeSlot]:
    """Free slots from ``day`` on, soonest first, of a topic, of a TA, or of both, by id.

    Of them, of their appointment and its TA what lists of times show. Two queries: many slots are
    of few appointments. ``by``: the day by which there should be ``limit``; it is looked past, in a
    third query, only where there are fewer.
    """
    since, until = clock.day_bounds(day)[0], clock.day_bounds(by)[1] if by else None
    bookable, switches = Bookable.at(), _switches(wanted)
    slots = _free_from(topic, ta, since, until, bookable, **switches)[:limit]
    if until and len(slots) != limit:
        slots = _free_from(topic, ta, since, None, bookable, **switches)[:limit]
    ids = sorted({slot.appointment_id for slot in slots})
    appointments = {each.pk: each for each in _appointments(padded(ids))}
    keep = TimeSlot._meta.get_field("appointment").set_cached_value
    for slot in slots:
        keep(slot, appointments[slot.appointment_id])
    return slots


@prepared
def _appointments(ids: tuple[int, ...]) -> AppointmentQuerySet:
    sessions = Appointment.objects.filter(pk__in=ids).select_related("ta")
    return sessions.only("location", "slot_minutes", "ta__username")


@prepared
def _free_from(
    topic: int | None,
    ta: int | None,
    since: datetime,
    until: datetime | None,
    bookable: Bookable,
    *,
    part: str,
    place: str,
    zone: str,
) -> TimeSlotQuerySet:
    slots = _narrowed(offered(topic, ta, bookable), part, place, zone)
    if until is not None:
        # The second follows from the first, and spares a look at the slots of later sessions.
        slots = slots.filter(
            unseen(Q(starts_at__lt=until)), unseen(Q(appointment__starts_at__lt=until))
        )
    shown = ("appointment", "starts_at", "ends_at", "capacity", "taken", "held")
    return slots.filter(starts_at__gte=since).soonest().only(*shown)


def free_days(
    first: date,
    last: date,
    *,
    topic: int | None = None,
    ta: int | None = None,
    wanted: Wanted = ANY,
) -> dict[date, int]:
    """How many free slots each of the days has, ``first`` to ``last``, if it has any. One query."""
    start, end = clock.day_bounds(first)[0], clock.day_bounds(last)[1]
    bookable = Bookable.at()
    return dict(_free_days(topic, ta, start, end, bookable, **_switches(wanted)))


@prepared
def _free_days(
    topic: int | None,
    ta: int | None,
    start: datetime,
    end: datetime,
    bookable: Bookable,
    *,
    part: str,
    place: str,
    zone: str,
) -> "QuerySet[TimeSlot, Any]":
    slots = _narrowed(offered(topic, ta, bookable), part, place, zone)
    slots = slots.filter(unseen(Q(starts_at__lt=end)), starts_at__gte=start)
    days = slots.order_by().values_list(TruncDate("starts_at", tzinfo=ZoneInfo(zone)))
    return days.annotate(count=Count("pk"))


def enough_by(days: Mapping[date, int], first: date, number: int) -> date | None:
    """The day by which, from ``first`` on, ``days`` have so many; None where they have fewer."""
    for day in sorted(days):
        number -= days[day] if day >= first else 0
        if number <= 0:
            return day
    return None


def offered(topic: int | None, ta: int | None, bookable: Bookable) -> TimeSlotQuerySet:
    """Free slots of a topic, of a TA, of both or of any, by id."""
    slots = TimeSlot.objects.free(topic_id=topic, bookable=bookable)
    return slots if ta is None else slots.of_ta(ta)


def _narrowed(slots: TimeSlotQuerySet, part: str, place: str, zone: str) -> TimeSlotQuerySet:
    if part:
        slots = slots.in_part(Part(part), zone)
    return slots.at(Place(place)) if place else slots


def _switches(wanted: Wanted) -> dict[str, str]:
    return {"part": wanted.part, "place": wanted.place, "zone": clock.zone().key}


# --- Counted ------------------------------------------------------------------------------------


@shared(seconds=10, under=lambda: policy.source())
def counts() -> dict[int, Counts]:
    """Of each listed topic, by its id, in order of names; at most ten seconds old. Two queries."""
    free = free_by_topic()
    topics = Topic.objects.tiles().with_ta_count()
    return {topic.pk: Counts(topic.ta_count, free.get(topic.pk)) for topic in topics}


class OfTopic(NamedTuple):
    """Of the TAs of a topic, by their ids: free time for it, and how many sessions each has given.

    ``days``: how many free slots for it each day has.
    """

    free: dict[int, FreeTime]
    given: dict[int, int]
    days: dict[date, int]


@shared(seconds=10, under=lambda: policy.source())
def counts_of_topic(topic_id: int) -> OfTopic:
    """What the page of a topic counts; at most ten seconds old. Four queries."""
    tas = Registration.objects.teaching().filter(topic=topic_id).values_list("user", flat=True)
    today = clock.today()
    days = free_days(today, today + policy.horizon, topic=topic_id)
    return OfTopic(free_by_ta(topic_id), sessions_given(list(tas)), days)


@shared(seconds=10, under=lambda: policy.source())
def counts_of(wanted: Wanted, day: date) -> dict[int, FreeTime]:
    """What each topic has of the free time that is wanted, from ``day`` on, soonest first, by its id.

    At most ten seconds old; a topic without any is left out. One query.
    """
    return free_by_topic(wanted, day)


def count_anew() -> None:
    """What is free may have changed, or who teaches, or what they gave."""
    for each in (counts, counts_of_topic, counts_of):
        each.drop()


def free_by_topic(wanted: Wanted = ANY, day: date | None = None) -> dict[int, FreeTime]:
    """The free time of each topic, or what is ``wanted`` of it, from ``day`` on; soonest first.

    One without any is left out. One query.
    """
    slots = TimeSlot.objects.free_each_topic(Q(), Bookable.at())
    slots = _narrowed(slots, **_switches(wanted))
    if day is not None:
        slots = slots.filter(starts_at__gte=clock.day_bounds(day)[0])
    return _as_dict(_counted(slots, "topic"))


def free_by_ta(topic_id: int) -> dict[int, FreeTime]:
    """The free time for one topic of each of its TAs, soonest first. One query."""
    slots = TimeSlot.objects.free(topic_id=topic_id).annotate(ta=F("appointment__ta"))
    return _as_dict(_counted(slots, "ta"))


def soonest_topics(
    found: Mapping[int, Counts], limit: int, but: Collection[int] = ()
) -> list[tuple[Topic, Counts]]:
    """The topics that have free time soonest, in that order, but for those with these ids.

    ``found``: what ``counts`` gave. One query.
    """
    free = [(each.free.next_at, key) for key, each in found.items() if each.free]
    free = [each for each in free if each[1] not in but]
    soon = [key for _next, key in sorted(free)[:limit]]
    topics = with_ids(soon)
    return [(topics[key], found[key]) for key in soon if key in topics]


def most_taught(limit: int) -> list[tuple[Topic, int]]:
    """The topics with most TAs, and how many those are. One query, and as old as ``counts``."""
    counted = counts()
    most = sorted(counted, key=lambda topic_id: -counted[topic_id].tas)[:limit]
    topics = with_ids(most)
    return [(topics[each], counted[each].tas) for each in most if each in topics]


def soonest_of_each(
    begins: Mapping[int, datetime], most: int, bookable: Bookable
) -> dict[int, list[TimeSlot]]:
    """The first free slots of each topic, with their TA, by the topic's id. Two queries.

    ``begins``: when the free time of each begins; hours after that are not looked at, since
    ranking all of it would read it all.
    """
    if not begins:
        return {}
    begin = tuple(begins.values())
    end = tuple(each + FIRST_SLOTS_WITHIN for each in begin)
    rows = _beginnings(tuple(begins), begin, end, min(begin), max(end), bookable)
    first: dict[int, list[int]] = {}
    for topic_id, slot_id in rows:
        first.setdefault(topic_id, []).append(slot_id)
    first = {topic_id: ids[:most] for topic_id, ids in first.items()}
    found = _slots(padded(sorted({pk for ids in first.values() for pk in ids})))
    slots = {slot.pk: slot for slot in found}
    return {topic_id: [slots[pk] for pk in ids] for topic_id, ids in first.items()}


@prepared
def _slots(ids: tuple[int, ...]) -> TimeSlotQuerySet:
    return TimeSlot.objects.with_ta().filter(pk__in=ids)


def soonest_of_tas(
    tas: Collection[int], most: int, bookable: Bookable
) -> dict[int, list[TimeSlot]]:
    """The first free slots of each of these TAs, by the TA's id. One query, if there are any."""
    found: dict[int, list[TimeSlot]] = {}
    for slot in _soonest_of_tas(padded(list(tas)), bookable, most=most) if tas else ():
        found.setdefault(slot.appointment.ta_id, []).append(slot)
    return found


def sessions_given(ta_ids: Collection[int], now: datetime | None = None) -> dict[int, int]:
    """How many bookings each of these TAs has completed; none is left out. One query."""
    given = Booking.objects.given(now or timezone.now()).filter(ta__in=ta_ids)
    return dict(given.order_by().values_list("ta").annotate(count=Count("pk")))


def _counted(slots: TimeSlotQuerySet, by: str) -> "QuerySet[TimeSlot, Any]":
    return (
        slots.order_by()
        .values_list(by)
        .annotate(count=Count("pk"), next_at=Min("starts_at"))
        .order_by("next_at", by)
    )


def _as_dict(rows: Iterable[tuple[int, int, datetime]]) -> dict[int, FreeTime]:
    return {key: FreeTime(count, next_at) for key, count, next_at in rows}


@prepared
def _beginnings(
    topics: tuple[int, ...],
    begin: tuple[datetime, ...],
    end: tuple[datetime, ...],
    first: datetime,
    last: datetime,
    bookable: Bookable,
) -> "QuerySet[TimeSlot, Any]":
    # One span around all of them: a plan for any values begins with an index, but not with many spans.
    near = Q(starts_at__range=(first, last)) & _in_spans(topics, begin, end)
    slots = TimeSlot.objects.free_each_topic(near, bookable)
    return slots.soonest().values_list("topic", "pk")  # type: ignore[misc]


def _in_spans(topics: Sequence[int], begin: Sequence[datetime], end: Sequence[datetime]) -> Q:
    """That a slot is of one of the topics, and starts in the span of that one."""
    near = Q(pk__in=())
    for topic, start, stop in zip(topics, begin, end, strict=True):
        near |= Q(appointment__topics=topic, starts_at__range=(start, stop))
    return near


@prepared
def _soonest_of_tas(tas: tuple[int, ...], bookable: Bookable, *, most: int) -> TimeSlotQuerySet:
    number = Window(RowNumber(), partition_by=F("appointment__ta"), order_by=["starts_at", "pk"])
    slots = TimeSlot.objects.free(bookable=bookable).filter(appointment__ta__id__in=tas)
    return slots.annotate(number=number).filter(number__lte=most).with_ta().soonest()
