"""Taking a session back: its bookings are cancelled with it, and all of it is kept."""

from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking, BookingEvent, Commitment, TimeSlot
from scheduling.queries.series import FOLLOWING
from scheduling.services import appointments
from scheduling.tests.factories import book, open_series, open_time, slots_of

pytestmark = pytest.mark.usefixtures("clock")


def refusal(appointment, reason="I am ill", **how) -> SchedulingError:
    with pytest.raises(SchedulingError) as caught:
        appointments.cancel(appointment, appointment.ta, reason, **how)
    return caught.value


def test_its_bookings_are_cancelled_for_the_reason_and_kept(ta, topic, student, stranger, clock):
    appointment = open_time(ta, topic)
    first, second, *_free = slots_of(appointment)
    made = [book(student, first), book(stranger, second)]
    assert appointments.cancel(appointment, ta, "  I am ill ") == 2
    appointment.refresh_from_db()
    assert (appointment.is_cancelled, appointment.cancel_reason) == (True, "I am ill")
    for booking in made:
        booking.refresh_from_db()
        assert (booking.status, booking.cancel_reason) == (Booking.Status.CANCELLED, "I am ill")
        assert (booking.cancelled_by, booking.cancelled_late) == (ta, False)
        event = booking.events.last()
        assert (event.kind, event.actor) == (BookingEvent.Kind.CANCELLED, ta)
    assert Commitment.objects.count() == 0
    assert TimeSlot.objects.filter(appointment=appointment).count() == 4


def test_its_slots_are_no_longer_free(ta, topic):
    appointment = open_time(ta, topic)
    assert TimeSlot.objects.free().count() == 4
    appointments.cancel(appointment, ta, "I am ill")
    assert TimeSlot.objects.free().count() == 0


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_it_asks_for_a_reason_booked_or_not(ta, topic, student, reason):
    booked, empty = open_time(ta, topic), open_time(ta, topic, start="16:00", end="17:00")
    book(student, slots_of(booked)[0])
    for appointment in (booked, empty):
        error = refusal(appointment, reason)
        assert (error.field, error.status) == ("reason", 422)
    assert Booking.objects.active().count() == 1
    assert Appointment.objects.open().count() == 2


def test_one_that_nobody_booked_keeps_its_reason_too(ta, topic):
    appointment = open_time(ta, topic)
    assert appointments.cancel(appointment, ta, "I am ill") == 0
    appointment.refresh_from_db()
    assert appointment.cancel_reason == "I am ill"


def test_following_takes_the_later_ones_of_the_series_along(ta, topic, student):
    made = open_series(ta, topic, weeks=4)
    other = open_time(ta, topic, start="16:00", end="17:00", day=None)
    book(student, slots_of(made[0])[0])
    book(student, slots_of(made[3])[0])
    assert appointments.cancel(made[1], ta, "No more Tuesdays", scope=FOLLOWING) == 1
    assert list(Appointment.objects.open().order_by("pk")) == [made[0], other]
    assert Booking.objects.active().get().slot.appointment == made[0]


def test_one_leaves_the_rest_of_the_series(ta, topic):
    made = open_series(ta, topic, weeks=3)
    appointments.cancel(made[1], ta, "I am ill")
    assert list(Appointment.objects.open().order_by("pk")) == [made[0], made[2]]


def test_what_has_started_is_over_or_is_cancelled_stays(ta, topic, clock):
    appointment = open_time(ta, topic)
    gone = open_time(ta, topic, start="16:00", end="17:00")
    appointments.cancel(gone, ta, "I am ill")
    assert refusal(gone, "Another reason").code == "cancelled"
    clock.move_to(appointment.starts_at)
    assert refusal(appointment).code == "started"
    clock.move_to(appointment.ends_at)
    assert refusal(appointment).code == "over"


class TestSentAgain:
    """Without a key, the same content leads to what stands."""

    def test_it_is_cancelled_once(self, ta, topic, student):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0])
        for _time in range(2):
            assert appointments.cancel(appointment, ta, " I am ill ") == 1
        assert made.events.filter(kind=BookingEvent.Kind.CANCELLED).count() == 1

    def test_the_later_ones_too(self, ta, topic):
        made = open_series(ta, topic, weeks=3)
        for _time in range(2):
            appointments.cancel(made[1], ta, "I am ill", scope=FOLLOWING)
        assert Appointment.objects.open().get() == made[0]

    def test_asking_for_more_than_was_cancelled_is_something_else(self, ta, topic):
        made = open_series(ta, topic, weeks=3)
        appointments.cancel(made[1], ta, "I am ill")
        assert refusal(made[1], scope=FOLLOWING).code == "cancelled"


class TestByStaff:
    def test_cancels_its_bookings_also_while_it_runs(self, ta, topic, student, staff, clock):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[3])
        clock.move_to(appointment.starts_at + timedelta(minutes=5))
        assert appointments.cancel_by_staff(appointment, staff, "Building closed") == 1
        made.refresh_from_db()
        assert (made.cancelled_by, made.cancel_reason) == (staff, "Building closed")
        appointment.refresh_from_db()
        assert appointment.cancel_reason == "Building closed"

    def test_what_took_place_stays_as_it_was(self, ta, topic, student, staff, clock):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0])
        clock.move_to(made.ends_at)
        assert appointments.cancel_by_staff(appointment, staff, "Building closed") == 0
        made.refresh_from_db()
        assert made.status == Booking.Status.BOOKED

    def test_nothing_twice_and_nothing_that_is_over(self, ta, topic, staff, clock):
        appointment = open_time(ta, topic)
        later = open_time(ta, topic, start="16:00", end="17:00")
        appointments.cancel_by_staff(later, staff, "Once")
        for each, code, moment in [
            (later, "cancelled", later.starts_at),
            (appointment, "over", appointment.ends_at),
        ]:
            clock.move_to(moment)
            with pytest.raises(SchedulingError) as caught:
                appointments.cancel_by_staff(each, staff, "Twice")
            assert caught.value.code == code
