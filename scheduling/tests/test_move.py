"""Moving a booking to another slot: both or neither happens, and every rule of booking holds."""

from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.errors import SchedulingError
from scheduling.models import Commitment
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slots(ta, topic):
    """Tomorrow from 13:00, four of half an hour."""
    return slots_of(open_time(ta, topic))


@pytest.fixture
def made(student, slots):
    return book(student, slots[0])


def refusal(made, student, slot) -> SchedulingError:
    before = made.slot_id
    with pytest.raises(SchedulingError) as caught:
        bookings.move(made, student, slot.pk)
    made.refresh_from_db()
    assert (made.slot_id, made.status) == (before, "booked")
    return caught.value


def test_it_keeps_its_id_topic_and_question(made, student, slots):
    moved = bookings.move(made, student, slots[2].pk)
    moved.refresh_from_db()
    assert (moved.pk, moved.topic_id, moved.question) == (made.pk, made.topic_id, made.question)
    assert (moved.starts_at, moved.ends_at) == (slots[2].starts_at, slots[2].ends_at)


def test_the_old_seat_is_free_and_the_new_one_taken(made, student, slots):
    bookings.move(made, student, slots[2].pk)
    for slot in slots:
        slot.refresh_from_db()
    assert [slot.taken for slot in slots] == [0, 0, 1, 0]
    assert set(Commitment.objects.values_list("starts_at", flat=True)) == {slots[2].starts_at}


def test_the_history_tells_from_where_to_where(made, student, slots):
    bookings.move(made, student, slots[2].pk)
    event = made.events.last()
    assert (event.kind, event.actor) == ("moved", student)
    assert (event.old_starts_at, event.new_starts_at) == (slots[0].starts_at, slots[2].starts_at)


def test_four_hours_before_the_old_start_is_still_in_time(made, student, slots, clock):
    clock.move_to(made.starts_at - timedelta(hours=4))
    assert bookings.move(made, student, slots[1].pk).slot_id == slots[1].pk


def test_a_second_later_it_is_too_late(made, student, slots, clock):
    clock.move_to(made.starts_at - timedelta(hours=4) + timedelta(seconds=1))
    error = refusal(made, student, slots[1])
    assert (error.code, error.status) == ("late", 409)
    assert error.message == (
        "A booking can't be moved within 4 hours of its start. You can still cancel it."
    )


def test_not_after_its_start(made, student, slots, clock):
    clock.move_to(made.starts_at)
    assert refusal(made, student, slots[1]).code == "started"


def test_only_by_its_student(made, ta, slots):
    error = refusal(made, ta, slots[1])
    assert (error.code, error.status) == ("role", 403)


def test_not_to_the_time_it_has(made, student, slots):
    assert refusal(made, student, slots[0]).code == "same"


def test_not_to_another_ta(made, student, stranger, topic):
    Registration.objects.create(user=stranger, topic=topic)
    other = slots_of(open_time(stranger, topic, start="16:00", end="17:00"))[0]
    error = refusal(made, student, other)
    assert (error.code, error.status) == ("other_ta", 409)


def test_not_to_a_full_slot(made, student, stranger, slots):
    book(stranger, slots[1])
    error = refusal(made, student, slots[1])
    assert (error.code, error.message) == ("full", "Sorry, this time was just taken.")


def test_not_to_a_session_without_its_topic(made, student, ta):
    other = Topic.objects.create(name="Databases", slug="databases")
    Registration.objects.create(user=ta, topic=other)
    slot = slots_of(open_time(ta, other, start="16:00", end="17:00"))[0]
    error = refusal(made, student, slot)
    assert (error.code, error.status, error.field) == ("topic", 409, None)


def test_not_onto_another_booking_of_the_student(made, student, stranger, topic, slots):
    Registration.objects.create(user=stranger, topic=topic)
    book(student, slots_of(open_time(stranger, topic, start="14:00", end="14:30"))[0])
    assert refusal(made, student, slots[2]).code == "clash"


def test_not_beyond_the_horizon(made, student, ta, topic):
    far = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=31)))[0]
    assert refusal(made, student, far).code == "horizon"


def test_not_within_the_notice(made, student, ta, topic, clock):
    soon = slots_of(open_time(ta, topic, day=when.today(), start="10:00", end="10:30"))[0]
    clock.move_to(soon.starts_at - timedelta(minutes=59))
    assert refusal(made, student, soon).code == "notice"


def test_not_when_one_has_blocked_the_other(made, student, ta, slots):
    Block.objects.create(blocker=ta, blocked=student)
    error = refusal(made, student, slots[1])
    assert (error.code, error.status) == ("blocked", 403)


def test_the_booking_itself_is_in_no_way_of_the_five(made, student, slots, ta, topic):
    more = slots_of(open_time(ta, topic, start="15:00", end="17:00"))
    for slot in more:
        book(student, slot)
    assert bookings.move(made, student, slots[1].pk).slot_id == slots[1].pk


def test_not_when_it_was_cancelled(made, student, slots):
    bookings.cancel(made, student, "")
    with pytest.raises(SchedulingError) as caught:
        bookings.move(made, student, slots[1].pk)
    assert caught.value.code == "cancelled"


def test_not_to_a_session_that_was_cancelled(made, student, ta, topic):
    other = open_time(ta, topic, start="16:00", end="17:00")
    slot = slots_of(other)[0]
    appointments.cancel(other, ta, "I am ill")
    assert refusal(made, student, slot).code == "gone"
