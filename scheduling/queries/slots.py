"""Single slots, and what may be booked in them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from scheduling.models import Appointment, TimeSlot
from setahub.core.db.prepared import prepared
from setahub.core.web.paging import whole
from topics.models import Topic


def find_slot(text: str | None) -> TimeSlot | None:
    """The slot with this id as users send it, with its TA; None for garbage and unknown ones."""
    number = whole(text, 0, low=0, high=10**9)
    return TimeSlot.objects.with_ta().filter(pk=number).first() if number else None


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
    slots = TimeSlot.objects.standing().of_ta(ta_id).filter(starts_at=start)
    return slots.filter(appointment__cancelled_at__isnull=True).order_by("pk").first()
