"""Help requests and offers as pages show them, each to who may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When

from accounts.models import Block, User
from scheduling.models import Appointment, Booking, HelpRequest, Offer, PlaceInLine, TimeSlot
from scheduling.models.requests import HelpRequestQuerySet, OfferQuerySet, PlaceInLineQuerySet
from scheduling.models.slots import Bookable
from scheduling.queries.bookings import made_for
from scheduling.queries.obstacles import Limits, Obstacles
from scheduling.queries.waiting import answerable_by
from setahub.core import clock
from setahub.core.db.prepared import PreparedQuery, prepared
from topics.models import Registration, Topic

COUNTED_MOST = 99  # a tab counts no further
FREE_SHOWN = 3  # free times that a place in line shows
LOOKED_AT = 24  # of which some may clash with what the viewer has


def visible_to(viewer_id: int) -> HelpRequestQuerySet:
    """What the viewer asked, joined, or could answer as a TA; with ``waiting``."""
    own = HelpRequest.objects.of_or_joined_by(viewer_id).values("pk")
    answerable = answerable_by(viewer_id).values("pk")
    seen = HelpRequest.objects.filter(Q(pk__in=own) | Q(pk__in=answerable))
    return seen.counted().select_related("topic", "ta")


def joinable_by(viewer_id: int) -> HelpRequestQuerySet:
    """What the viewer can know of as a student: their own, and shared ones, however they stand."""
    shared = Q(shared=True) & ~Q(student__in=Block.objects.others_of(viewer_id))
    own = HelpRequest.objects.of_or_joined_by(viewer_id).values("pk")
    return HelpRequest.objects.filter(shared | Q(pk__in=own)).select_related("topic")


def shared_on(topic: Topic, viewer_id: int) -> PreparedQuery[HelpRequest]:
    """What others may join, most waiting first, with ``waiting`` and ``joined``: by the viewer."""
    return _shared_on(topic.pk, viewer_id, clock.today())


@prepared
def _shared_on(topic: int, viewer: int, today: date) -> HelpRequestQuerySet:
    joined = PlaceInLine.objects.waiting().of(viewer).filter(request=OuterRef("pk"))
    return (
        HelpRequest.objects.open()
        .filter(topic=topic, shared=True, to_day__gte=today)
        .exclude(student=viewer)
        .exclude(ta=viewer)
        .exclude(Exists(Block.objects.between(viewer, OuterRef("student"))))
        .exclude(Exists(Block.objects.between(viewer, OuterRef("ta"))))
        .with_waiting()
        .annotate(joined=Exists(joined))
        .select_related("ta")
        .order_by(F("waiting").desc(), "created_at", "pk")
    )


def waiting_places(viewer_id: int) -> PlaceInLineQuerySet:
    """The viewer's places in line, longest first; each with its request, and how many wait for it."""
    return _with_request(_readable(viewer_id).waiting()).order_by("created_at", "pk")


def ended_places(viewer_id: int) -> PlaceInLineQuerySet:
    """The viewer's former places in line, latest first."""
    ended = _readable(viewer_id).filter(ended_at__isnull=False)
    return _with_request(ended).order_by("-ended_at", "-pk")


def _readable(viewer_id: int) -> PlaceInLineQuerySet:
    """The viewer's places, but those for what somebody asked from whom a block parts them."""
    apart = Block.objects.others_of(viewer_id)
    return PlaceInLine.objects.of(viewer_id).exclude(request__student__in=apart)


def _with_request(places: PlaceInLineQuerySet) -> PlaceInLineQuerySet:
    still = Q(request__places__ended_at__isnull=True)
    counted = places.annotate(waiting=Count("request__places", filter=still))
    return counted.select_related("request__topic", "request__ta")


def question_waiting(viewer_id: int, topic: Topic, ta_id: int) -> str:
    """What the viewer waits for that time of this TA on the topic would answer; "" for nothing."""
    places = _readable(viewer_id).waiting().for_topics([topic.pk], ta_id)
    own_first = places.order_by(Case(When(request__student=viewer_id, then=0), default=1), "pk")
    return own_first.values_list("request__question", flat=True).first() or ""


def free_for(
    viewer: User, places: Sequence[PlaceInLine]
) -> tuple[dict[int, list[TimeSlot]], Limits]:
    """The first free times that each place waits for and that the viewer can take, by its id; and
    the viewer's limits.

    Each with its request loaded. At most five queries.
    """
    topics = {place.request.topic_id for place in places}
    free = TimeSlot.objects.free_each_topic(Q(appointment__topics__in=topics), Bookable.at())
    rows = list(
        free.order_by("starts_at", "pk").values_list(  # type: ignore[misc]
            "topic", "appointment__ta", "starts_at", "pk"
        )
        if places
        else ()
    )
    fitting = {
        place.pk: [
            pk
            for topic, ta, start, pk in rows
            if topic == place.request.topic_id
            and place.request.ta_id in (None, ta)
            and place.request.fits(start)
        ][:LOOKED_AT]
        for place in places
    }
    ids = {pk for found in fitting.values() for pk in found}
    slots = TimeSlot.objects.with_ta().in_bulk(ids) if ids else {}
    obstacles = Obstacles.to(viewer, list(slots.values()))
    free_ones = {pk for pk, slot in slots.items() if not obstacles.of(slot)}
    free_now = {
        key: [slots[pk] for pk in found if pk in free_ones][:FREE_SHOWN]
        for key, found in fitting.items()
    }
    return free_now, obstacles.limits


def place_of(asked: HelpRequest, viewer_id: int) -> PlaceInLine | None:
    """The viewer's place for the request: the one that waits, else the last that did."""
    places = PlaceInLine.objects.of(viewer_id).filter(request=asked).select_related("request")
    return places.order_by(F("ended_at").desc(nulls_first=True), "-pk").first()


# --- Offers -------------------------------------------------------------------------------------


def offers_of(student_id: int) -> OfferQuerySet:
    """What was ever offered to the student, with all that their page of it shows."""
    return Offer.objects.filter(student=student_id).select_related(
        "request__topic", "place", "slot__appointment__ta"
    )


def standing_offers(student_id: int, now: datetime) -> OfferQuerySet:
    """What the student can take now, the one that ends first before the others."""
    standing = offers_of(student_id).standing(now).filter(place__ended_at__isnull=True)
    return standing.order_by("expires_at")


@prepared
def held_offers(student: int, now: datetime) -> OfferQuerySet:
    """The same, for pages that narrow it no further."""
    return standing_offers(student, now)


def booking_of(offer: Offer) -> Booking | None:
    """What taking the offer has made, whatever became of it: the one that stands before others."""
    made = Booking.objects.filter(student=offer.student_id, created_at__gte=offer.created_at)
    gone_last = Case(When(status=Booking.Status.CANCELLED, then=1), default=0)
    return made_for(made.order_by(gone_last, "-pk"), offer.slot_id)


@dataclass(frozen=True)
class Answers:
    """What became of the seats of a session that were offered: how many of each."""

    open: int = 0
    taken: int = 0
    declined: int = 0
    expired: int = 0

    @property
    def offered(self) -> int:
        return self.open + self.taken + self.passed

    @property
    def passed(self) -> int:
        return self.declined + self.expired


def answers_to(appointment: Appointment) -> Answers:
    """To the offers of the session; those that it withdrew itself are left out. One query."""
    rows = Offer.objects.filter(slot__appointment=appointment).exclude(
        status=Offer.Status.WITHDRAWN
    )
    return Answers(**dict(rows.order_by().values_list("status").annotate(count=Count("pk"))))


@dataclass(frozen=True)
class Opened:
    """What became of the seats of sessions just opened: people who are offered one, seats that are
    free for everybody, seats that are still to be matched."""

    offered: int
    free: int
    unmatched: int


def opened(sessions: Sequence[Appointment]) -> Opened:
    """Two queries."""
    slots = TimeSlot.objects.standing().filter(appointment__in=sessions)
    left = F("capacity") - F("taken") - F("held") - F("freed")
    sums = slots.aggregate(free=Sum(left, filter=Q(spared=False)), unmatched=Sum("freed"))
    offers = Offer.objects.open().filter(slot__appointment__in=sessions)
    return Opened(offers.count(), sums["free"] or 0, sums["unmatched"] or 0)


# --- Counted, chosen from -----------------------------------------------------------------------


def count_waiting(viewer_id: int) -> int:
    """How many places in line the viewer has. One query."""
    return PlaceInLine.objects.waiting().of(viewer_id).count()


def count_board(ta_id: int) -> int:
    """How many requests a TA could answer, counted to ``COUNTED_MOST``."""
    waiting = PlaceInLine.objects.waiting().filter(request=OuterRef("pk"))
    open_ones = answerable_by(ta_id).filter(Exists(waiting))
    return open_ones.values("pk")[:COUNTED_MOST].count()


@dataclass(frozen=True)
class Crowd:
    """How many people wait for a topic."""

    topic: str
    people: int


def crowds(ta_id: int) -> list[Crowd]:
    """Who waits for time that the TA could open, by topic, most people first. One query."""
    return [Crowd(*row) for row in _crowds(ta_id)]


@prepared
def _crowds(ta: int) -> "QuerySet[PlaceInLine, Any]":
    places = PlaceInLine.objects.waiting().filter(request__in=answerable_by(ta).values("pk"))
    counted = places.order_by().values("request__topic", name=F("request__topic__name"))
    counted = counted.annotate(people=Count("person", distinct=True))
    return counted.order_by("-people", "name").values_list("name", "people")


def tas_to_ask(topic: Topic, viewer: User) -> "QuerySet[Registration]":
    """Who teaches the topic and whom the viewer may ask by name, by name; with their user."""
    teaching = Registration.objects.teaching().filter(topic=topic).exclude(user=viewer.pk)
    unblocked = teaching.exclude(user__in=Block.objects.others_of(viewer.pk))
    return unblocked.select_related("user").order_by("user__username_key")


def topics_to_ask(ta: User | None) -> "QuerySet[Topic]":
    """Listed topics by name; with a TA, those that they teach."""
    topics = Topic.objects.taught_by(ta.pk) if ta else Topic.objects.listed()
    return topics.order_by("name_key")
