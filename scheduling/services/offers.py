"""Seats that come free go to those who wait: matched, held, taken, passed on.

Locks as everywhere: people, appointment, slot, booking, then help request, then offer. Matching
locks the slot's TA, the slot, and the places that it picks.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling import notifications
from scheduling.errors import SchedulingError
from scheduling.models import (
    Appointment,
    FreedSeat,
    HelpRequest,
    Offer,
    PlaceInLine,
    TeachingLimits,
    TimeSlot,
)
from scheduling.models.requests import TURNS, OfferQuerySet
from scheduling.models.slots import TimeSlotQuerySet
from scheduling.queries.free import count_anew
from scheduling.queries.obstacles import unhindered
from scheduling.queries.slots import lock_ta_of, locked_slot
from scheduling.queries.waiting import bookable_topics, in_line, is_waited_for, lock_places_of
from scheduling.services.holds import closes_at, hold_until
from scheduling.services.spared import refresh
from setahub.core.work.tasks import later, task
from topics.models import Topic

MATCHED_WITHIN = timedelta(minutes=2)  # then a freed seat is free for everybody, matched or not
AT_ONCE = 40  # people of a line that are looked at together
LOOKED_ON = 8  # slots that are matched while their TA waits for the page
TOLD_AGAIN_AFTER = timedelta(hours=3)  # of time that is not held
UNANSWERED_MOST = 3  # offers in a row; then the place ends

Status = Offer.Status
End = PlaceInLine.End
# What a request becomes when its owner's place ends so.
_OUTCOMES = {
    End.BOOKED: HelpRequest.Status.ANSWERED,
    End.SOLVED: HelpRequest.Status.ANSWERED,
    End.LEFT: HelpRequest.Status.WITHDRAWN,
    End.GONE: HelpRequest.Status.WITHDRAWN,
    End.OVER: HelpRequest.Status.EXPIRED,
    End.UNANSWERED: HelpRequest.Status.EXPIRED,
}


# --- Seats that come free -----------------------------------------------------------------------


def freed(slot: TimeSlot, *, seats: int = 1, turn: int = 1) -> None:
    """Seats of the slot came free: where they can be offered to somebody, they are kept until matched.

    Inside the transaction that freed them. The slot has its appointment loaded.
    """
    now = timezone.now()
    if seats < 1 or turn > TURNS or closes_at(slot) < now:
        return
    if not is_waited_for(slot):
        return
    FreedSeat.objects.bulk_create(FreedSeat(slot=slot, turn=turn) for _seat in range(seats))
    TimeSlot.objects.filter(pk=slot.pk).update(freed_until=now + MATCHED_WITHIN)
    later(match_later, slot.pk)


def opened(appointment: Appointment) -> None:
    """What is free of this session now is offered first to those who wait, as ``freed``.

    For one that was opened or changed.
    """
    waiting = PlaceInLine.objects.waiting()
    if not waiting.for_topics(appointment.topics.values("pk"), appointment.ta_id).exists():
        return
    for slot in TimeSlot.objects.standing().filter(appointment=appointment):
        slot.appointment = appointment
        freed(slot, seats=slot.seats_left - slot.freed)


def spare(ta_id: int) -> None:
    """What this TA's limits spare may have changed; the caller holds the TA's lock."""
    if again := refresh(ta_id):
        free_again(TimeSlot.objects.free().filter(pk__in=again))


def free_again(slots: TimeSlotQuerySet) -> None:
    """These came free, since their TA takes more or is back: as ``freed``."""
    if PlaceInLine.objects.waiting().exists():
        locked = slots.with_ta().select_for_update(of=("self",), no_key=True).order_by("pk")
        for slot in locked:
            freed(slot, seats=slot.seats_left - slot.freed)


# --- Matching -----------------------------------------------------------------------------------


@contextmanager
def settled(slot_id: int) -> Iterator[None]:
    """Around a booking: offers that ran out end first, and those that did meanwhile end after it.

    So the next in line comes before a booker. One query where there are none.
    """
    _settle(slot_id)
    try:
        yield
    except SchedulingError:
        _settle(slot_id)
        raise


def _settle(slot_id: int) -> None:
    if Offer.objects.run_out(timezone.now()).filter(slot=slot_id).exists():
        match(slot_id)


def match_now(sessions: Sequence[Appointment]) -> int:
    """Match what was just opened, the soonest first, while its TA looks on; tasks do the rest, and what
    fails here. Counts those who were told of time that is too soon to be held."""
    seats = FreedSeat.objects.filter(slot__appointment__in=sessions)
    slots = seats.order_by("slot__starts_at", "slot").values_list("slot", flat=True).distinct()
    told = 0
    for slot in slots[:LOOKED_ON]:
        with suppress(DatabaseError):
            told += match(slot)
    return told


def match(slot_id: int) -> int:
    """Offer the freed seats of a slot, each to one person who waits; the rest is for everybody.

    Doing it again changes nothing. Constant in queries but for the seats that it gives. How many
    were told of it instead, since it begins too soon.
    """
    with transaction.atomic():
        # What is held counts towards what its TA takes: one slot of theirs after the other.
        lock_ta_of(slot_id)
        slot = locked_slot(slot_id)
        if slot is None:
            return 0
        now = timezone.now()
        run_out = list(_run_out(slot, now)) if slot.held else []
        for offer in run_out:
            _expire(offer, slot)
        if run_out:
            slot.refresh_from_db(fields=["taken", "held", "freed"])
        if not slot.freed:
            return 0
        turns = dict(FreedSeat.objects.filter(slot=slot).order_by("pk").values_list("pk", "turn"))
        told = _give(slot, list(turns.values()), now)
        FreedSeat.objects.filter(pk__in=turns).delete()
        count_anew()
        if slot.has_limits:
            spare(slot.appointment.ta_id)
    return told


def _run_out(slot: TimeSlot, now: datetime) -> OfferQuerySet:
    return Offer.objects.run_out(now).filter(slot=slot).select_related("place")


def _give(slot: TimeSlot, turns: Sequence[int], now: datetime) -> int:
    """Offer seats whose turns these are, or say that there is time; how many were told so."""
    line = _in_line(slot, bookable_topics(slot.pk, now), now)
    until = hold_until(slot, now)
    if until is None:
        return _tell(slot, [place for place, _person in line], now)
    made = (_offer(slot, line, turn, until) for turn in turns[: slot.seats_left])
    notifications.offers(*filter(None, made))
    return 0


def _tell(slot: TimeSlot, line: Sequence[int], now: datetime) -> int:
    """That there is time too soon to be held: each person once in a while, however much is freed.

    How many were told.
    """
    not_lately = Q(told_at__isnull=True) | Q(told_at__lte=now - TOLD_AGAIN_AFTER)
    rows = PlaceInLine.objects.filter(not_lately, pk__in=line)
    untold = dict(rows.values_list("pk", "person"))
    PlaceInLine.objects.filter(pk__in=untold).update(told_at=now)
    notifications.free_time(slot.pk, untold, now)
    return len(untold)


def _in_line(slot: TimeSlot, topics: list[int], now: datetime) -> Iterator[tuple[int, int]]:
    """Who can take a time of the slot now, each person once, in order: place and person, by id."""
    seen: set[int] = set()
    while topics:
        batch: dict[int, int] = {}
        for place, person in in_line(slot, topics, now, seen=seen, most=AT_ONCE):
            batch.setdefault(person, place)
        if not batch:
            return
        for person in unhindered(list(batch), slot):
            yield batch[person], person
        seen |= set(batch)


def _offer(
    slot: TimeSlot, line: Iterator[tuple[int, int]], turn: int, until: datetime
) -> Offer | None:
    """Hold a seat for the first in line who isn't just being offered another."""
    for place, person in line:
        request = lock_places_of(person, place)
        if request is None:
            continue
        offer = Offer(
            slot=slot,
            student_id=person,
            request_id=request,
            place_id=place,
            turn=turn,
            expires_at=until,
        )
        with suppress(IntegrityError), transaction.atomic():  # of another slot was quicker
            offer.save(force_insert=True)
            return offer
    return None


# --- Ends of an offer ---------------------------------------------------------------------------


def standing_for(student_id: int, slot_id: int, topic: Topic) -> Offer | None:
    """The person's own offer of this slot for the topic, where it can still be taken.

    Under the slot's lock.
    """
    offers = Offer.objects.standing(timezone.now()).filter(
        student=student_id,
        slot=slot_id,
        request__topic=topic.pk,
        place__ended_at__isnull=True,
    )
    return offers.select_related("place").first()


def has_seat(student: User, slot: TimeSlot, topic: Topic) -> bool:
    """Whether a seat of the slot is held for this person, as pages ask. No query where none is held."""
    return slot.held > 0 and standing_for(student.pk, slot.pk, topic) is not None


def taken(offer: Offer) -> None:
    """Its person takes the seat, which is not held any more; the caller books it."""
    end(offer, Status.TAKEN)
    PlaceInLine.objects.filter(pk=offer.place_id).update(unanswered=0)


def decline(offer: Offer, student: User) -> Offer:
    """Not now: the seat goes to the next, the place in line stays. Raises SchedulingError."""
    with transaction.atomic():
        slot, offer = locked_offer(offer)
        if offer.student_id != student.pk:
            raise SchedulingError("role", _("This time is offered to somebody else."))
        if offer.status == Status.DECLINED:
            return offer
        check_stands(offer)
        end(offer, Status.DECLINED)
        PlaceInLine.objects.filter(pk=offer.place_id).update(unanswered=0)
        freed(slot, turn=offer.turn + 1)
    return offer


def check_stands(offer: Offer) -> None:
    """It can still be taken, or declined."""
    if offer.stands():
        return
    if offer.status == Status.TAKEN:
        raise SchedulingError("taken", _("You have taken this time."))
    if offer.status == Status.WITHDRAWN:
        raise SchedulingError("withdrawn", _("This time is no longer offered."))
    if offer.status == Status.DECLINED:
        raise SchedulingError("declined", _("You have passed this time on."))
    raise SchedulingError("expired", _("This offer has run out, so the seat was passed on."))


def let_go(offer_id: int) -> None:
    """The place that it was for has ended: it goes to the next in line."""
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        return
    with transaction.atomic():
        slot, offer = locked_offer(offer)
        if offer.status == Status.OPEN and offer.place.ended_at is not None:
            end(offer, Status.WITHDRAWN)
            freed(slot, turn=offer.turn + 1)


def _expire(offer: Offer, slot: TimeSlot) -> None:
    """Nobody answered in time: the seat goes to the next; after three in a row the place ends."""
    end(offer, Status.EXPIRED)
    PlaceInLine.objects.filter(pk=offer.place_id).update(unanswered=F("unanswered") + 1)
    offer.place.refresh_from_db()
    if offer.place.unanswered >= UNANSWERED_MOST:
        end_places([offer.place], End.UNANSWERED)
    notifications.offers(offer)
    freed(slot, turn=offer.turn + 1)


def end(offer: Offer, status: str) -> None:
    """An open offer becomes that; its slot is locked."""
    offer.status, offer.ended_at = status, timezone.now()
    offer.save(update_fields=["status", "ended_at"])
    if TeachingLimits.objects.filter(ta__appointments__slots=offer.slot_id).exists():
        later(spare_later, offer.slot_id)


# --- Ends of a place in line --------------------------------------------------------------------


def end_places(places: Iterable[PlaceInLine], how: PlaceInLine.End) -> list[PlaceInLine]:
    """End these places, those that still wait; nobody else's. Returns which were ended.

    What is offered to them goes to the next in line, by a task: it is about other slots than those
    that the caller has locked.
    """
    now = timezone.now()
    ids = [place.pk for place in places]
    waiting = PlaceInLine.objects.waiting().select_for_update(no_key=True, of=("self",))
    ended = list(waiting.filter(pk__in=ids).select_related("request").order_by("pk"))
    ids = [place.pk for place in ended]
    PlaceInLine.objects.filter(pk__in=ids).update(ended_at=now, end=how)
    owned = [each.request_id for each in ended if each.person_id == each.request.student_id]
    HelpRequest.objects.open().filter(pk__in=owned).update(status=_OUTCOMES[how], closed_at=now)
    for offer_id in Offer.objects.open().filter(place__in=ids).values_list("pk", flat=True):
        later(let_go_later, offer_id)
    return ended


def booked(student_id: int, topic: Topic, ta_id: int) -> None:
    """A booking of the topic ends the places that waited for it, those for another TA aside."""
    waiting = PlaceInLine.objects.waiting().of(student_id).for_topics([topic.pk], ta_id)
    if found := list(waiting):
        end_places(found, End.BOOKED)


# --- Locks --------------------------------------------------------------------------------------


def lock_slots(appointments: Iterable[Appointment]) -> None:
    """Lock all slots of these sessions, in order: before their offers, as the matcher does."""
    slots = TimeSlot.objects.filter(appointment__in=list(appointments)).order_by("pk")
    list(slots.select_for_update(no_key=True).values_list("pk"))


def locked_offer(offer: Offer) -> tuple[TimeSlot, Offer]:
    """The offer as it is now, its slot's row and its own locked."""
    slot = locked_slot(offer.slot_id)
    assert slot is not None  # noqa: S101  (offers keep their slots)
    locked = Offer.objects.select_for_update(no_key=True, of=("self",))
    return slot, locked.get(pk=offer.pk)


# --- As tasks -----------------------------------------------------------------------------------


@task
def match_later(slot_id: int) -> None:
    match(slot_id)


@task
def spare_later(slot_id: int) -> None:
    """A seat of the slot is held no more."""
    with transaction.atomic():
        if ta_id := lock_ta_of(slot_id):
            spare(ta_id)


@task
def let_go_later(offer_id: int) -> None:
    let_go(offer_id)
