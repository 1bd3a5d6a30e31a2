"""What else frees seats, and what ends offers."""

from datetime import time

import pytest
from django.utils import timezone

from accounts.models import Block
from accounts.services.suspensions import suspend
from scheduling import sweeps
from scheduling.errors import SchedulingError
from scheduling.models import (
    Appointment,
    HelpRequest,
    Offer,
    PlaceInLine,
)
from scheduling.services import appointments, bookings, requests
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_time, slots_of, tomorrow
from scheduling.tests.offers.steps import MINUTE, cancel, freed_now, offered
from setahub.core import clock as when
from topics.services import archive_topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_opened_time_is_offered_first_to_who_waits(ta, topic, people, asks, run_tasks):
    for person in people[:3]:
        asks(person)
    session = open_time(ta, topic, end="14:00", capacity=2)
    run_tasks()
    first, second = slots_of(session)
    assert offered(first) == [("Student 0", "open"), ("Student 1", "open")]
    assert offered(second) == [("Student 2", "open")]
    assert (first.freed, second.freed, second.seats_left) == (0, 0, 1)


def test_a_moved_booking_frees_its_old_seat(ta, topic, student, people, asks, run_tasks):
    old, new = slots_of(open_time(ta, topic, end="14:00"))
    mine = book(student, old)
    asks(people[0])
    bookings.move(mine, student, new.pk)
    run_tasks()
    assert offered(old) == [("Student 0", "open")]


def test_more_seats_are_offered(taken, ta, people, asks, run_tasks):
    asks(people[0])
    session = taken.slot.appointment
    plan = Plan.of(session)
    appointments.edit(session, ta, Plan(**{**vars(plan), "capacity": 2}))
    run_tasks()
    assert offered(taken.slot) == [("Student 0", "open")]


def test_fewer_seats_take_held_ones_first_the_last_offered_first(
    ta, topic, student, people, asks, run_tasks, post
):
    for person in people[:2]:
        asks(person)
    session = open_time(ta, topic, end="13:30", capacity=3)
    run_tasks()
    slot = slots_of(session)[0]
    book(student, slot)
    plan = Plan.of(session)
    appointments.edit(session, ta, Plan(**{**vars(plan), "capacity": 2}))
    assert offered(slot) == [("Student 0", "open"), ("Student 1", "withdrawn")]
    assert [mail.to for mail in post() if mail.subject.startswith("No longer offered")] == [
        ["student.1@example.com"]
    ]
    assert PlaceInLine.objects.waiting().count() == 2


def test_a_cancelled_session_ends_its_offers_with_words(taken, ta, people, asks, run_tasks, post):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    appointments.cancel(slot.appointment, ta, "I am ill")
    assert offered(slot) == [("Student 0", "withdrawn")]
    assert any(mail.subject.startswith("No longer offered") for mail in post())
    sweeps.offer()
    slot.refresh_from_db()
    assert (slot.held, slot.freed) == (0, 0)


def test_a_new_time_ends_the_offers_of_the_old(taken, ta, people, asks, run_tasks):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    plan = Plan.of(slot.appointment)
    later = {"start": plan.end, "end": (plan.span.end + 30 * MINUTE).astimezone(when.zone()).time()}
    appointments.edit(slot.appointment, ta, Plan(**{**vars(plan), **later}))
    assert offered(slot) == [("Student 0", "withdrawn")]
    run_tasks()
    assert Offer.objects.get(status="open").slot != slot


def test_booking_another_time_passes_the_offer_on(taken, ta, topic, people, asks, run_tasks):
    other = slots_of(open_time(ta, topic, start="15:00", end="15:30"))[0]
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    book(people[0], other)
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn"), ("Student 1", "open")]


@pytest.mark.parametrize("lost", [True, False], ids=["its task was lost", "by its task"])
def test_who_leaves_passes_the_offer_on(taken, people, asks, run_tasks, lost):
    first = asks(people[0])
    asks(people[1])
    slot = freed_now(taken, run_tasks)
    requests.leave(first, people[0])
    if lost:
        sweeps.offer()
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn"), ("Student 1", "open")]


def test_a_suspended_person_leaves_the_line(taken, people, staff, asks, run_tasks):
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    suspend(people[0], actor=staff, cancel_bookings=True)
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn"), ("Student 1", "open")]


def test_a_suspended_ta_s_offers_end_and_who_named_them_is_told(
    taken, ta, people, staff, asks, run_tasks, post
):
    asks(people[0])
    asks(people[1], ta=ta)
    slot = freed_now(taken, run_tasks)
    suspend(ta, actor=staff, cancel_bookings=False)
    assert offered(slot) == [("Student 0", "withdrawn")]
    assert PlaceInLine.objects.waiting().get().person == people[0]
    gone = [mail.to for mail in post() if "What you waited for is no longer offered" in mail.body]
    assert gone == [["student.1@example.com"]]


def test_of_much_time_that_is_not_held_each_is_told_once(ta, topic, people, asks, clock, post):
    for person in people[:2]:
        asks(person)
    clock.move_to(when.at(tomorrow(), time(11, 50)))
    session = open_time(ta, topic, day=when.today(), start="13:15", end="16:15")
    late = [mail.to for mail in post() if mail.subject.startswith("A free time")]
    assert sorted(late) == [["student.0@example.com"], ["student.1@example.com"]]
    assert len(slots_of(session)) == 6
    plan = Plan.of(session)
    appointments.edit(session, ta, Plan(**{**vars(plan), "notes": "Bring paper"}))
    assert len([mail for mail in post() if mail.subject.startswith("A free time")]) == 2


def test_an_archived_topic_ends_the_line_and_its_offers(
    taken, topic, creator, people, asks, run_tasks, post
):
    asked = asks(people[0], shared=True)
    slot = freed_now(taken, run_tasks)
    archive_topic(topic, creator)
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn")]
    assert PlaceInLine.objects.get().end == "gone"
    assert any("waited for is no longer offered" in mail.body for mail in post())
    with pytest.raises(SchedulingError) as refused:
        requests.join(HelpRequest.objects.get(pk=asked.pk), people[1])
    assert refused.value.code == "closed"


def test_nobody_joins_a_request_for_a_ta_whom_a_block_stands_between(ta, people, asks):
    asked = asks(people[0], ta=ta, shared=True)
    Block.objects.create(blocker=ta, blocked=people[1])
    with pytest.raises(SchedulingError) as refused:
        requests.join(asked, people[1])
    assert refused.value.code == "role"


def test_moving_to_the_offered_time_ends_the_place(ta, topic, people, asks, run_tasks):
    old, new = slots_of(open_time(ta, topic, end="14:00"))
    mine = book(people[0], old)
    theirs = book(people[1], new)
    asks(people[0])
    cancel(theirs)
    run_tasks()
    bookings.move(mine, people[0], new.pk)
    assert offered(new) == [("Student 0", "taken")]
    assert PlaceInLine.objects.get().end == "booked"


def test_a_seat_held_for_one_topic_is_held_for_it_alone(
    ta, topic, second_topic, people, asks, run_tasks, student
):
    slot = slots_of(open_time(ta, topic, second_topic, end="13:30"))[0]
    booked = book(student, slot, topic)
    asks(people[0])
    cancel(booked)
    run_tasks()
    with pytest.raises(SchedulingError) as refused:
        book(people[0], slot, second_topic)
    assert refused.value.code == "held"
    assert book(people[0], slot, topic).topic == topic


def test_an_offer_that_was_left_on_a_cancelled_session_ends_with_the_sweep(
    taken, people, asks, run_tasks
):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    Appointment.objects.filter(pk=slot.appointment_id).update(cancelled_at=timezone.now())
    sweeps.offer()
    assert offered(slot) == [("Student 0", "withdrawn")]
