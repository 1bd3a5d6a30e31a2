"""Giving a seat back: until when, and when a reason is asked for."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from scheduling.errors import SchedulingError
from scheduling.models import Booking, Commitment
from scheduling.services import bookings, rules
from scheduling.tests.factories import book, open_time, slots_of, tomorrow
from setahub.core import clock as when

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def made(student, ta, topic):
    """Tomorrow at 13:00."""
    return book(student, slots_of(open_time(ta, topic))[0])


def refusal(made, actor, reason="") -> SchedulingError:
    with pytest.raises(SchedulingError) as caught:
        bookings.cancel(made, actor, reason)
    made.refresh_from_db()
    assert made.status == "booked"
    return caught.value


def test_the_student_needs_no_reason_in_good_time(made, student):
    cancelled = bookings.cancel(made, student, "")
    cancelled.refresh_from_db()
    assert cancelled.status == "cancelled"
    assert (cancelled.cancelled_by, cancelled.cancelled_at) == (student, timezone.now())
    assert (cancelled.cancel_reason, cancelled.cancelled_late) == ("", False)


def test_the_seat_and_the_time_are_free_again(made, student):
    bookings.cancel(made, student, "")
    made.slot.refresh_from_db()
    assert made.slot.taken == 0
    assert not Commitment.objects.exists()


def test_nothing_is_deleted(made, student):
    bookings.cancel(made, student, " I have an exam ")
    event = made.events.last()
    assert (event.kind, event.actor, event.detail) == ("cancelled", student, "I have an exam")


def test_four_hours_before_the_start_is_not_late_yet(made, student, clock):
    clock.move_to(made.starts_at - timedelta(hours=4))
    assert bookings.cancel(made, student, "").cancelled_late is False


def test_after_that_the_student_needs_a_reason(made, student, clock):
    clock.move_to(made.starts_at - timedelta(hours=4) + SECOND)
    error = refusal(made, student, "  ")
    assert (error.code, error.status, error.field) == ("reason", 422, "reason")


def test_with_a_reason_it_is_marked_late(made, student, clock):
    clock.move_to(made.starts_at - timedelta(hours=4) + SECOND)
    assert bookings.cancel(made, student, "I am ill").cancelled_late is True


class TestJustBooked:
    @pytest.fixture
    def made(self, student, ta, topic):
        """Today at 11:00, two hours from now."""
        slot = slots_of(open_time(ta, topic, day=when.today(), start="11:00", end="12:00"))[0]
        return book(student, slot)

    def test_fifteen_minutes_after_booking_it_is_free_to_go(self, made, student, clock):
        clock.shift(timedelta(minutes=15))
        cancelled = bookings.cancel(made, student, "")
        assert (cancelled.status, cancelled.cancelled_late) == ("cancelled", False)

    def test_a_second_later_it_needs_a_reason(self, made, student, clock):
        clock.shift(timedelta(minutes=15) + SECOND)
        assert refusal(made, student).code == "reason"

    def test_the_grace_is_not_the_ta_s(self, made, ta):
        assert refusal(made, ta).code == "reason"


def test_the_ta_always_gives_a_reason(made, ta):
    error = refusal(made, ta, " \n")
    assert (error.code, error.status, error.field) == ("reason", 422, "reason")


def test_the_ta_s_cancellation_is_never_late(made, ta, clock):
    clock.move_to(made.starts_at - SECOND)
    cancelled = bookings.cancel(made, ta, "I am ill")
    assert (cancelled.cancelled_late, cancelled.cancelled_by) == (False, ta)


@pytest.mark.parametrize("who", ["student", "ta"])
def test_nobody_cancels_after_the_start(made, who, clock):
    clock.move_to(made.starts_at)
    error = refusal(made, getattr(made, who), "too late")
    assert (error.code, error.status) == ("started", 409)


def test_nobody_else_cancels(made, stranger, staff):
    for other in (stranger, staff):
        error = refusal(made, other, "because")
        assert (error.code, error.status) == ("role", 403)


def test_once_only(made, student, ta):
    bookings.cancel(made, student, "")
    with pytest.raises(SchedulingError) as caught:
        bookings.cancel(made, ta, "me too")
    assert caught.value.code == "cancelled"
    made.refresh_from_db()
    assert made.cancelled_by == student


class TestGrace:
    """A quarter of an hour to think again, from booking and from moving."""

    @pytest.mark.parametrize("moved", [False, True], ids=["booked", "moved"])
    def test_it_counts_from_the_last_change(self, student, ta, topic, clock, moved):
        clock.move_to(when.at(tomorrow(), time(10)))
        day = when.today()
        near = slots_of(open_time(ta, topic, day=day, start="14:00", end="14:30"))[0]
        far = slots_of(open_time(ta, topic, day=day, start="20:00", end="20:30"))[0]
        made = book(student, far if moved else near)
        if moved:
            clock.shift(timedelta(minutes=50))
            made = bookings.move(made, student, near.pk)
        clock.shift(timedelta(minutes=15))
        assert not rules.cancels_late(made, student)
        clock.shift(timedelta(seconds=1))
        assert rules.cancels_late(made, student)


class TestSentAgain:
    """The same again leads to what stands, whoever's second tap it was."""

    @pytest.fixture
    def slots(self, ta, topic):
        return slots_of(open_time(ta, topic))

    def test_booking(self, student, slots, sign_in, topic):
        sent = {"slot": slots[0].pk, "topic": topic.pk, "question": "Why?"}
        client = sign_in(student)
        first = client.post("/bookings/new/", sent)
        assert client.post("/bookings/new/", sent).url == first.url
        assert client.post("/bookings/new/", sent | {"question": "How?"}).status_code == 409
        bookings.cancel(Booking.objects.get(), student, "")
        assert client.post("/bookings/new/", sent).url != first.url
        assert Booking.objects.count() == 2

    def test_moving(self, student, slots, sign_in, clock):
        made = book(student, slots[0])
        client, sent = sign_in(student), {"slot": slots[1].pk}
        for _time in range(2):
            response = client.post(f"/bookings/{made.pk}/reschedule/", sent)
            assert (response.status_code, response.url) == (302, f"/bookings/{made.pk}/")
        clock.move_to(slots[1].starts_at - timedelta(hours=1))  # too late to move it anew
        assert client.post(f"/bookings/{made.pk}/reschedule/", sent).status_code == 302
        assert made.events.filter(kind="moved").count() == 1

    def test_cancelling(self, student, ta, slots, sign_in):
        made = book(student, slots[0])
        address = f"/bookings/{made.pk}/cancel/"
        for _time in range(2):
            assert sign_in(student).post(address, {"reason": "ill"}).status_code == 302
        assert sign_in(ta).post(address, {"reason": "ill"}).status_code == 409
        assert made.events.filter(kind="cancelled").count() == 1

    @pytest.mark.parametrize("what", ["complete", "no-show", "ta-absent"])
    def test_how_it_went(self, student, ta, slots, sign_in, clock, what):
        made = book(student, slots[0])
        client = sign_in(student if what == "ta-absent" else ta)
        clock.move_to(made.ends_at)
        assert client.post(f"/bookings/{made.pk}/{what}/").status_code == 302
        clock.shift(timedelta(days=8))  # too late to say it anew
        assert client.post(f"/bookings/{made.pk}/{what}/").status_code == 302
        assert made.events.count() == 2
