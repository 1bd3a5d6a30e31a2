"""Rows that tests of the calendar start from, made through the services as people make them."""

from datetime import date, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, Booking, HelpRequest, Offer, PlaceInLine, TimeSlot
from scheduling.services import appointments, bookings, requests
from scheduling.services.plan import Plan
from setahub.core import clock as when
from setahub.tests.own import unmarked
from topics.models import Topic


def tomorrow() -> date:
    return when.today() + timedelta(days=1)


def plan(
    *topics: Topic,
    day: date | None = None,
    start: str = "13:00",
    end: str = "15:00",
    minutes: int = 30,
    capacity: int = 1,
    location: str = "Room 504",
    notes: str = "",
) -> Plan:
    """What a TA asks for: tomorrow from 13 to 15, four slots of one seat, unless told otherwise."""
    return Plan(
        topics=list(topics),
        day=day or tomorrow(),
        start=time.fromisoformat(start),
        end=time.fromisoformat(end),
        slot_minutes=minutes,
        capacity=capacity,
        location=location,
        notes=notes,
    )


def open_time(
    ta: User,
    *topics: Topic,
    day: date | None = None,
    start: str = "13:00",
    end: str = "15:00",
    minutes: int = 30,
    capacity: int = 1,
    **extra: Any,
) -> Appointment:
    """An appointment of the TA. ``extra``: ``location`` and ``notes``."""
    asked = plan(
        *topics, day=day, start=start, end=end, minutes=minutes, capacity=capacity, **extra
    )
    return appointments.open_time(ta, asked)[0]


def open_series(ta: User, *topics: Topic, weeks: int = 3, **shape: Any) -> list[Appointment]:
    """The same appointment in so many weeks, as one series."""
    asked = plan(*topics, **shape)
    return appointments.open_time(ta, asked, repeat_until=asked.day + timedelta(weeks=weeks - 1))


def book(
    student: User,
    slot: TimeSlot,
    topic: Topic | None = None,
    question: str = "Why does my tree rotate?",
) -> Booking:
    """The student's seat in the slot, for ``topic`` or the session's only one."""
    return bookings.book(student, slot.pk, topic or slot.appointment.topics.get(), question)


def ask(
    person: User, topic: Topic, question: str = "Why does it rotate?", **wish: Any
) -> HelpRequest:
    """The person's request for time on the topic, in the next two weeks unless told otherwise."""
    days = {"from_day": when.today(), "to_day": when.today() + timedelta(days=13)}
    return requests.ask(person, topic, question, **{**days, **wish})


def hold(slot: TimeSlot, asked: HelpRequest, person: User | None = None, **row: Any) -> Offer:
    """A seat of the slot that is held for two hours for who asked, or for somebody who joined."""
    person = person or asked.student
    place = PlaceInLine.objects.waiting().get(request=asked, person=person)
    until = timezone.now() + timedelta(hours=2)
    return Offer.objects.create(
        **{"slot": slot, "student": person, "request": asked, "place": place, "turn": 1}
        | {"expires_at": until}
        | row
    )


def slots_of(appointment: Appointment) -> list[TimeSlot]:
    """The slots that the appointment still has, in order of time."""
    return list(appointment.slots.filter(withdrawn=False).order_by("starts_at"))


def text(response: Any) -> str:
    """The page as its reader gets it."""
    return unmarked(response.content.decode())
