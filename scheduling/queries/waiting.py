"""Who waits for time, and in which order."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Block
from scheduling.models import Booking, HelpRequest, Offer, Part, PlaceInLine, TimeSlot
from scheduling.models.requests import HelpRequestQuerySet, OfferQuerySet, PlaceInLineQuerySet
from scheduling.models.slots import Bookable
from setahub.core import clock
from setahub.core.db.prepared import padded, prepared
from topics.models import Registration

DIGEST_AT = time(18)  # of the faculty's zone
COUNTED = timedelta(days=30)  # bookings that start later than so long ago count for the order


def by_fairness(places: PlaceInLineQuerySet, since: datetime) -> PlaceInLineQuerySet:
    """Those who had least help lately come first, then those who have waited longest.

    Bookings that start later than ``since`` count, COUNTED ago.
    """
    recent = (
        Booking.objects.kept()
        .filter(student=OuterRef("person"), starts_at__gt=since)
        .order_by()
        .values("student")
        .annotate(count=Count("pk"))
        .values("count")
    )
    recent_count = Coalesce(Subquery(recent, output_field=IntegerField()), 0)
    return places.annotate(recent=recent_count).order_by("recent", "created_at", "pk")


def people_before(places: Sequence[PlaceInLine], now: datetime) -> dict[int, int]:
    """How many people come before each of these places, by its id. Two queries.

    Who waits for the same topic and could be answered by the same time. Places that have ended are
    left out. Each has its request loaded.
    """
    waiting = PlaceInLine.objects.waiting().filter(person__is_active=True)
    ids = [place.pk for place in places]
    since = now - COUNTED
    own = by_fairness(waiting.filter(pk__in=ids), since).values_list("pk", "recent")  # type: ignore[misc]
    recent = dict(own)
    if not recent:
        return {}
    counts = {
        str(place.pk): Count("person", distinct=True, filter=_is_before(place, recent[place.pk]))
        for place in places
        if place.pk in recent
    }
    line = waiting.filter(request__topic__in={place.request.topic_id for place in places})
    before = by_fairness(line, since).order_by().aggregate(**counts)
    return {int(pk): count for pk, count in before.items()}


def _is_before(place: PlaceInLine, recent: int) -> Q:
    """Of somebody else, met by a time that could answer both, and earlier in the order of
    ``by_fairness``."""
    asked = place.request
    same_ta = Q(request__ta__isnull=True) | Q(request__ta=asked.ta_id)
    parts = [Q(request__parts__contains=part) for part in asked.parts.split()]
    longer = Q(created_at__lt=place.created_at) | Q(created_at=place.created_at, pk__lt=place.pk)
    return (
        Q(
            request__topic=asked.topic_id,
            request__from_day__lte=asked.to_day,
            request__to_day__gte=asked.from_day,
        )
        & (same_ta if asked.ta_id else Q())
        & (reduce(or_, parts, Q(request__parts="")) if parts else Q())
        & (Q(recent__lt=recent) | Q(recent=recent) & longer)
        & ~Q(person=place.person_id)
    )


def bookable_topics(slot_id: int, now: datetime) -> list[int]:
    """For which topics the slot can be booked, a seat for it given. One query."""
    return list(_bookable_topics(slot_id, Bookable.at(now)))


@prepared
def _bookable_topics(slot: int, bookable: Bookable) -> "QuerySet[TimeSlot, int]":
    slots = TimeSlot.objects.free_each_topic(Q(pk=slot), bookable, own_seat=True)
    return slots.values_list("topic", flat=True)  # type: ignore[misc]


def is_waited_for(slot: TimeSlot) -> bool:
    """Whether anybody could be offered the slot, for any topic of its session, which is loaded."""
    topics = slot.appointment.topics.values("pk")
    day, part = clock.local(slot.starts_at).date(), Part.of(slot.starts_at).value
    return _to_be_offered(topics, slot.appointment.ta_id, slot.pk, day, part).exists()


def in_line(
    slot: TimeSlot, topic_ids: Sequence[int], now: datetime, *, seen: Collection[int], most: int
) -> list[tuple[int, int]]:
    """The first of those whom the slot can be offered for one of these topics, without ``seen``
    (people): place and person, by id, in order of fairness. One query.
    """
    rows = _in_line(
        padded(topic_ids),
        slot.appointment.ta_id,
        slot.pk,
        clock.local(slot.starts_at).date(),
        now - COUNTED,
        padded(sorted(seen)),
        part=Part.of(slot.starts_at).value,
    )
    return rows[:most]


@prepared
def _in_line(
    topics: tuple[int, ...],
    ta: int,
    slot: int,
    day: date,
    since: datetime,
    seen: tuple[int, ...],
    *,
    part: str,
) -> "QuerySet[PlaceInLine, tuple[int, int]]":
    line = _to_be_offered(topics, ta, slot, day, part).exclude(person__id__in=seen)
    return by_fairness(line, since).values_list("pk", "person")


def _to_be_offered(
    topic_ids: "Collection[int] | QuerySet[Any, Any]", ta: int, slot: int, day: date, part: str
) -> PlaceInLineQuerySet:
    """Whose wish a slot of that day and part of it would answer, and who has no live offer and
    wasn't offered this slot before.

    An offer that was withdrawn while its person still waited was never theirs to answer: when the
    time comes back, it may be offered again.
    """
    offers = Offer.objects.filter(student=OuterRef("person"))
    return (
        PlaceInLine.objects.waiting()
        .for_topics(topic_ids, ta)
        .filter(
            Q(request__parts="") | Q(request__parts__contains=part),
            ~Exists(offers.open()),
            ~Exists(offers.filter(slot=slot).answerable()),
            request__from_day__lte=day,
            request__to_day__gte=day,
            person__is_active=True,
        )
    )


def lock_places_of(person: int, place: int) -> int | None:
    """Lock all places in which a person waits, and give the request of ``place``, by id.

    None where it is none of them any more, or where another slot's matcher is at them, who may
    have met the person in another line. One query, two where that changes meanwhile.
    """
    rows = list(_locked_places(person))
    requests = {pk: request for pk, request, _number in rows}
    if place not in requests:
        return None
    if len(rows) < rows[0][2] and len(rows) < PlaceInLine.objects.waiting().of(person).count():
        return None
    return requests[place]


@prepared
def _locked_places(person: int) -> "QuerySet[PlaceInLine, tuple[int, int, int]]":
    waiting = PlaceInLine.objects.waiting()
    own = waiting.filter(person=OuterRef("person")).order_by().values("person")
    number = Subquery(own.annotate(number=Count("pk")).values("number"))
    rows = waiting.of(person).annotate(number=number).values_list("pk", "request", "number")
    return rows.select_for_update(no_key=True, skip_locked=True)


def parted(offers: OfferQuerySet) -> OfferQuerySet:
    """Of these, those of a TA whom a block parts from their person."""
    block = Block.objects.between(OuterRef("student"), OuterRef("slot__appointment__ta"))
    return offers.filter(Exists(block))


def answerable_by(ta_id: int) -> HelpRequestQuerySet:
    """What was asked of a TA: of all who teach the topic, or by name; however it ended.

    Nothing of people whom a block stands between.
    """
    return (
        HelpRequest.objects.filter(
            Q(ta__isnull=True) | Q(ta=ta_id),
            topic__archived_at__isnull=True,
            topic__registrations__user=ta_id,
            topic__registrations__status="approved",
        )
        .exclude(student=ta_id)
        .exclude(Exists(Block.objects.between(ta_id, OuterRef("student"))))
    )


def can_answer(ta_id: int, request_id: int) -> bool:
    """Whether this TA could answer that request by opening time. One query."""
    return answerable_by(ta_id).filter(pk=request_id).exists()


def requests_for(ta_id: int) -> HelpRequestQuerySet:
    """What a TA could answer by opening time, most waiting first, with ``waiting``."""
    waiting = answerable_by(ta_id).with_waiting().select_related("topic")
    return waiting.order_by(F("waiting").desc(), "created_at", "pk")


def asked_until(ta_id: int, day: date) -> HelpRequestQuerySet:
    """Of ``requests_for`` the open ones of the day that ended at six in the evening of ``day``."""
    until = clock.at(day, DIGEST_AT)
    asked = requests_for(ta_id).filter(status=HelpRequest.Status.OPEN)
    return asked.filter(created_at__lte=until, created_at__gt=until - timedelta(days=1))


def tas_to_tell(day: date) -> "QuerySet[Registration, int]":
    """Ids of who teaches a topic that was asked for in that day."""
    until = clock.at(day, DIGEST_AT)
    asked = HelpRequest.objects.open().filter(
        created_at__lte=until, created_at__gt=until - timedelta(days=1)
    )
    teaching = Registration.objects.teaching().filter(topic__in=asked.values("topic"))
    return teaching.order_by("user").values_list("user", flat=True).distinct()
