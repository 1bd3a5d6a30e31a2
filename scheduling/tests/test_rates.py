"""What reaches others has a rate: booking, moving and cancelling, of one person in ten minutes."""

from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import Booking
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.policy.current import policy

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(autouse=True)
def few(settings):
    assert policy.booking_changes == 30
    settings.BOOKING_CHANGES = 4


@pytest.fixture
def slots(ta, topic):
    return slots_of(open_time(ta, topic, capacity=9))


def test_bookings_moves_and_cancellations_count_together(student, slots):
    made = book(student, slots[0])
    bookings.move(made, student, slots[1].pk)
    bookings.cancel(made, student, "")
    book(student, slots[0])
    for act in (
        lambda: book(student, slots[1]),
        lambda: bookings.move(Booking.objects.active().get(), student, slots[1].pk),
        lambda: bookings.cancel(Booking.objects.active().get(), student, ""),
    ):
        with pytest.raises(SchedulingError) as caught:
            act()
        assert (caught.value.code, caught.value.status) == ("rate_limited", 429)
    assert Booking.objects.active().get().slot == slots[0]


def test_after_ten_minutes_it_goes_on(clock, student, slots):
    for _time in range(2):
        bookings.cancel(book(student, slots[0]), student, "")
    clock.shift(timedelta(minutes=10, seconds=-1))
    with pytest.raises(SchedulingError):
        book(student, slots[0])
    clock.shift(timedelta(seconds=1))
    book(student, slots[0])


def test_what_was_refused_does_not_count(student, ta, slots):
    taken = book(student, slots[0])
    for _time in range(5):
        with pytest.raises(SchedulingError, match="seat at this time"):
            book(student, slots[0], question="Again?")
    bookings.cancel(taken, student, "")


def test_each_person_has_a_rate_of_their_own(student, stranger, slots):
    for _time in range(2):
        bookings.cancel(book(student, slots[0]), student, "")
    book(stranger, slots[0])


def test_a_whole_session_taken_back_is_one_act(make_user, ta, topic, slots):
    for number in range(6):
        book(make_user(f"Student {number}"), slots[0])
    appointments.cancel(slots[0].appointment, ta, "Ill")
    other = slots_of(open_time(ta, topic, start="16:00", end="17:00"))
    bookings.cancel(book(make_user("Late"), other[0]), ta, "Ill")


def test_load_tests_have_none(settings, student, slots):
    settings.RATE_LIMITS = False
    for _time in range(3):
        bookings.cancel(book(student, slots[0]), student, "")


class TestOnThePages:
    @pytest.fixture
    def client(self, sign_in, student, slots):
        for _time in range(2):
            bookings.cancel(book(student, slots[0]), student, "")
        return sign_in(student)

    def test_the_question_is_kept(self, client, slots, topic):
        form = {"slot": slots[0].pk, "topic": topic.pk, "question": "What is a heap?"}
        response = client.post("/bookings/new/", form)
        page = response.content.decode()
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "600"
        assert "Please wait ten minutes." in page
        assert "What is a heap?</textarea>" in page

    def test_so_is_the_reason(self, client, settings, student, slots):
        settings.BOOKING_CHANGES = 5
        made = book(student, slots[0])
        response = client.post(f"/bookings/{made.pk}/cancel/", {"reason": "I am ill."})
        page = response.content.decode()
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "600"
        assert "Please wait ten minutes." in page
        assert "I am ill.</textarea>" in page

    def test_and_the_chosen_time(self, client, settings, student, slots):
        settings.BOOKING_CHANGES = 5
        made = book(student, slots[0])
        response = client.post(f"/bookings/{made.pk}/reschedule/", {"slot": slots[1].pk})
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "600"
        assert "Please wait ten minutes." in response.content.decode()

    def test_and_the_time_instead(self, client, settings, student, ta, slots):
        settings.BOOKING_CHANGES = 5
        taken = book(student, slots[0])
        bookings.cancel(taken, ta, "Ill")
        form = {"slot": slots[1].pk, "question": "What is a heap?"}
        response = client.post(f"/bookings/{taken.pk}/rebook/", form)
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "600"
