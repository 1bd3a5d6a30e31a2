"""Single slots, and what may be booked in them."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from scheduling.models import Appointment, TimeSlot
from setahub.core.db.prepared import prepared
from setahub.core.web.paging import whole
from topics.models import Registration, Topic


def find_slot(text: str | None) -> TimeSlot | None:
    """The slot with this id as users send it, with its TA; None for garbage and unknown ones."""
    number = whole(text, 0, low=0, high=10**9)
    return slot_with_ta(number) if number else None


def slot_with_ta(slot_id: int) -> TimeSlot | None:
    """The slot with this id, with its session and TA."""
    return _slot(slot_id).first()


@prepared
def _slot(slot: int) -> "QuerySet[TimeSlot]":
    return TimeSlot.objects.with_ta().filter(pk=slot)


def locked_slot(slot_id: int) -> TimeSlot | None:
    """The slot with this id, its row locked, with its session, TA and ``has_limits``. One query."""
    return _locked_slot(slot_id).first()


@prepared
def _locked_slot(slot: int) -> "QuerySet[TimeSlot]":
    slots = TimeSlot.objects.with_ta().with_has_limits().filter(pk=slot)
    return slots.select_for_update(of=("self",), no_key=True)


def lock_ta_of(slot_id: int) -> int | None:
    """Lock the row of a slot's TA, before the slot's own; the TA's id. One query."""
    return _locked_ta(slot_id).first()


@prepared
def _locked_ta(slot: int) -> "QuerySet[User, int]":
    session = Appointment.objects.filter(slots=slot)
    tas = User.objects.filter(pk__in=session.values("ta")).select_for_update(no_key=True)
    return tas.values_list("pk", flat=True)


def any_topic_of(slot: TimeSlot) -> Topic | None:
    """One of the topics of its session, whether or not it is still taught."""
    return slot.appointment.topics.first()


def topics_of(slot: TimeSlot) -> list[Topic]:
    """The topics that the slot can be booked for now: taught by its TA and listed. One query."""
    return list(_topics_of(slot.appointment.ta_id, slot.appointment_id))


@prepared
def _topics_of(ta: int, appointment: int) -> "QuerySet[Topic]":
    held = Appointment.topics.through.objects.filter(appointment=appointment, topic=OuterRef("pk"))
    return Topic.objects.taught_by(ta).filter(Exists(held)).order_by("sort_key")


def slot_at(ta_id: int, start: datetime) -> TimeSlot | None:
    """The slot with this start in a session that the TA has open, free or not."""
    slots = TimeSlot.objects.standing().of_ta(ta_id).with_ta().filter(starts_at=start)
    return slots.filter(appointment__cancelled_at__isnull=True).order_by("pk").first()


class Offering(NamedTuple):
    """Whether a topic can be booked in a session: of the session, and taught by its TA."""

    archived_at: datetime | None
    in_session: bool
    taught: bool


def offering_of(appointment: Appointment, topic_id: int) -> Offering | None:
    """Of a topic in a session; None for a topic that is gone. One query."""
    row = _offering(topic_id, appointment.pk, appointment.ta_id).first()
    return Offering(*row) if row else None


@prepared
def _offering(topic: int, appointment: int, ta: int) -> "QuerySet[Topic, Any]":
    held = Appointment.topics.through.objects.filter(appointment=appointment, topic=OuterRef("pk"))
    taught = Registration.objects.approved().filter(user=ta, topic=OuterRef("pk"))
    found = Topic.objects.filter(pk=topic).annotate(held=Exists(held), taught=Exists(taught))
    return found.values_list("archived_at", "held", "taught")
