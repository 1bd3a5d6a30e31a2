"""Offers that end by no act of their person: their time is gone, or somebody parts them from its TA."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from accounts.models import User
from scheduling import notifications
from scheduling.models import Appointment, FreedSeat, Offer, TimeSlot
from scheduling.queries.waiting import parted
from scheduling.services import offers
from scheduling.services.offers import AT_ONCE

Status = Offer.Status


def of_dropped(appointment: Appointment, *, all_of_it: bool = False) -> None:
    """After an edit: the offers of slots and topics that the session has no longer, or all."""
    found = Offer.objects.open().filter(slot__appointment=appointment)
    if not all_of_it:
        kept = appointment.topics.values("pk")
        found = found.filter(Q(slot__withdrawn=True) | ~Q(request__topic__in=kept))
    _withdraw(found.select_related("slot"))


def of_ta(ta: User) -> None:
    """A suspended TA's time is nobody's."""
    found = Offer.objects.open().filter(slot__appointment__ta=ta.pk)
    offers.lock_slots(Appointment.objects.filter(pk__in=found.values("slot__appointment")))
    _withdraw(found.select_related("slot"))


def of_away(ta: User, back_at: datetime) -> None:
    """Nothing is held in the time that a TA is away; the caller holds the TA's lock."""
    found = Offer.objects.open().filter(slot__appointment__ta=ta.pk, slot__starts_at__lt=back_at)
    offers.lock_slots(Appointment.objects.filter(pk__in=found.values("slot__appointment")))
    _withdraw(found.select_related("slot"))


def between(one: User, other: User) -> None:
    """A block parts the two: what of the one's time is held for the other goes to the next in line."""
    pair = [one.pk, other.pk]
    found = Offer.objects.open().filter(student__in=pair, slot__appointment__ta__in=pair)
    offers.lock_slots(Appointment.objects.filter(pk__in=found.values("slot__appointment")))
    for offer in found.order_by("pk"):
        _pass_on(offer)


def beyond(appointment: Appointment, capacity: int) -> None:
    """Before a session has fewer seats: held ones go first, the last offered first."""
    full = TimeSlot.objects.filter(appointment=appointment, held__gt=0)
    for slot in full.filter(taken__gt=capacity - F("held")):
        surplus = slot.taken + slot.held - capacity
        last = Offer.objects.open().filter(slot=slot).order_by("-created_at", "-pk")
        _withdraw(last[:surplus])
    FreedSeat.objects.filter(slot__appointment=appointment).delete()


def of_stranded() -> None:
    """For the sweep: open offers of times that were taken off beside their matching, or of a TA whom
    a block parted from their person beside it."""
    gone = Q(slot__withdrawn=True) | Q(slot__appointment__cancelled_at__isnull=False)
    for offer in Offer.objects.open().filter(gone)[:AT_ONCE]:
        with transaction.atomic():
            _slot, offer = offers.locked_offer(offer)
            if offer.status == Status.OPEN:
                _withdraw([offer])
    for offer in parted(Offer.objects.open())[:AT_ONCE]:
        with transaction.atomic():
            _pass_on(offer)


def _withdraw(found: Iterable[Offer]) -> None:
    """End open offers, and say so."""
    ended = list(found)
    for offer in ended:
        offers.end(offer, Status.WITHDRAWN)
    notifications.offers(*ended)


def _pass_on(offer: Offer) -> None:
    """The time stays, but no longer for its person."""
    slot, offer = offers.locked_offer(offer)
    if offer.status == Status.OPEN:
        _withdraw([offer])
        offers.freed(slot, turn=offer.turn + 1)
