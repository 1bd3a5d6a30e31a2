"""Who waits for time, and in which order."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Block
from scheduling.models import Booking, HelpRequest, Offer, Part, PlaceInLine, TimeSlot
from scheduling.models.requests import HelpRequestQuerySet, PlaceInLineQuerySet
from scheduling.models.slots import Bookable
from setahub.core import clock
from topics.models import Registration

DIGEST_AT = time(18)  # of the faculty's zone
COUNTED = timedelta(days=30)  # bookings that start later than so long ago count for the order


def by_fairness(places: PlaceInLineQuerySet, now: datetime) -> PlaceInLineQuerySet:
    """Those who had least help lately come first, then those who have waited longest."""
    recent = (
        Booking.objects.kept()
        .filter(student=OuterRef("person"), starts_at__gt=now - COUNTED)
        .order_by()
        .values("student")
        .annotate(count=Count("pk"))
        .values("count")
    )
    recent_count = Coalesce(Subquery(recent, output_field=IntegerField()), 0)
    return places.annotate(recent=recent_count).order_by("recent", "created_at", "pk")


def people_before(places: Sequence[PlaceInLine], now: datetime) -> dict[int, int]:
    """How many people come before each of these places, by its id. One query.

    Who waits for the same topic and could be answered by the same time. Places that have ended are
    left out. Each has its request loaded.
    """
    topics = {place.request.topic_id for place in places}
    everybody = PlaceInLine.objects.waiting().filter(
        request__topic__in=topics, person__is_active=True
    )
    wishes = ("topic", "ta", "from_day", "to_day", "parts")
    line = by_fairness(everybody, now).values_list(
        "pk", "person", *(f"request__{wish}" for wish in wishes)
    )
    rows = [(pk, person, Wish(*wish)) for pk, person, *wish in line] if topics else []
    return {
        place.pk: len(_people_before(place, rows))
        for place in places
        if any(pk == place.pk for pk, _person, _wish in rows)
    }


def _people_before(place: PlaceInLine, line: "Sequence[tuple[int, int, Wish]]") -> set[int]:
    asked = place.request
    own = Wish(asked.topic_id, asked.ta_id, asked.from_day, asked.to_day, asked.parts)
    ahead = takewhile(lambda row: row[0] != place.pk, line)
    before = {person for _pk, person, wish in ahead if wish.meets(own)}
    return before - {place.person_id}


class Wish(NamedTuple):
    """What a request is for."""

    topic: int
    ta: int | None
    from_day: date
    to_day: date
    parts: str

    def meets(self, other: "Wish") -> bool:
        """Whether one time could answer both."""
        return (
            self.topic == other.topic
            and (self.ta == other.ta or not self.ta or not other.ta)
            and self.from_day <= other.to_day
            and other.from_day <= self.to_day
            and (
                not self.parts
                or not other.parts
                or not set(self.parts.split()).isdisjoint(other.parts.split())
            )
        )


def bookable_topics(slot_id: int, now: datetime) -> list[int]:
    """For which topics the slot can be booked, a seat for it given. One query."""
    slots = TimeSlot.objects.free_each_topic(Q(pk=slot_id), Bookable.at(now), own_seat=True)
    return list(slots.values_list("topic", flat=True))  # type: ignore[misc]


def waiting_for(
    slot: TimeSlot, topic_ids: "Collection[int] | QuerySet[Any, Any]"
) -> PlaceInLineQuerySet:
    """Whose wish the slot would answer, for one of these topics; its appointment is loaded."""
    day = clock.local(slot.starts_at).date()
    return (
        PlaceInLine.objects.waiting()
        .for_topics(topic_ids, slot.appointment.ta_id)
        .filter(
            Q(request__parts="") | Q(request__parts__contains=Part.of(slot.starts_at).value),
            request__from_day__lte=day,
            request__to_day__gte=day,
            person__is_active=True,
        )
    )


def to_be_offered(
    slot: TimeSlot, topic_ids: "Collection[int] | QuerySet[Any, Any]", now: datetime
) -> PlaceInLineQuerySet:
    """Of these, in order, who has no live offer and wasn't offered this slot before."""
    offers = Offer.objects.filter(student=OuterRef("person"))
    waiting = waiting_for(slot, topic_ids).filter(
        ~Exists(offers.open()), ~Exists(offers.filter(slot=slot))
    )
    return by_fairness(waiting, now).select_related("request", "person")


def answerable_by(ta_id: int) -> HelpRequestQuerySet:
    """What was asked of a TA: of all who teach the topic, or by name; however it ended.

    Nothing of people whom a block stands between.
    """
    blocked = Block.objects.others_of(ta_id)
    return (
        HelpRequest.objects.filter(
            Q(ta__isnull=True) | Q(ta=ta_id),
            topic__archived_at__isnull=True,
            topic__registrations__user=ta_id,
            topic__registrations__status="approved",
        )
        .exclude(student=ta_id)
        .exclude(student__in=blocked)
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
