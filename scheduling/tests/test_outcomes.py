"""How it went: who says so, from when, until when, and what the time does by itself."""

from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import Booking
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def made(student, ta, topic):
    """Tomorrow, 13:00 to 13:30."""
    return book(student, slots_of(open_time(ta, topic))[0])


def code(call, *args) -> tuple[str, int]:
    with pytest.raises(SchedulingError) as caught:
        call(*args)
    return caught.value.code, caught.value.status


class TestCompleting:
    def test_not_before_the_start(self, made, ta, clock):
        clock.move_to(made.starts_at - SECOND)
        assert code(bookings.complete, made, ta) == ("early", 409)

    def test_from_the_start_on(self, made, ta, clock):
        clock.move_to(made.starts_at)
        assert bookings.complete(made, ta).status == "completed"
        assert made.events.last().kind == "completed"

    def test_only_by_the_ta(self, made, student, stranger, clock):
        clock.move_to(made.starts_at)
        assert code(bookings.complete, made, student) == ("role", 403)
        assert code(bookings.complete, made, stranger) == ("role", 403)

    def test_not_a_cancelled_one(self, made, student, ta, clock):
        bookings.cancel(made, student, "")
        clock.move_to(made.starts_at)
        assert code(bookings.complete, made, ta) == ("cancelled", 409)

    def test_twice_is_once(self, made, ta, clock):
        clock.move_to(made.starts_at)
        bookings.complete(made, ta)
        bookings.complete(made, ta)
        assert [event.kind for event in made.events.all()] == ["made", "completed"]

    def test_the_seat_of_a_running_one_is_given_back_with_it(self, made, ta, clock):
        clock.move_to(made.starts_at)
        bookings.complete(made, ta)
        made.slot.refresh_from_db()
        assert made.slot.taken == 0


class TestNoShow:
    def test_not_in_the_first_ten_minutes(self, made, ta, clock):
        clock.move_to(made.starts_at + timedelta(minutes=10) - SECOND)
        assert code(bookings.mark_no_show, made, ta) == ("early", 409)

    def test_from_ten_minutes_after_the_start(self, made, ta, clock):
        clock.move_to(made.starts_at + timedelta(minutes=10))
        assert bookings.mark_no_show(made, ta).status == "no_show"

    def test_only_by_the_ta(self, made, student, clock):
        clock.move_to(made.ends_at)
        assert code(bookings.mark_no_show, made, student) == ("role", 403)


class TestSwitching:
    def test_there_and_back_for_seven_days_after_the_end(self, made, ta, clock):
        clock.move_to(made.ends_at)
        bookings.mark_no_show(made, ta)
        clock.move_to(made.ends_at + timedelta(days=7))
        assert bookings.complete(made, ta).status == "completed"
        assert bookings.mark_no_show(made, ta).status == "no_show"

    def test_not_after_seven_days(self, made, ta, clock):
        clock.move_to(made.ends_at)
        bookings.mark_no_show(made, ta)
        clock.move_to(made.ends_at + timedelta(days=7) + SECOND)
        assert code(bookings.complete, made, ta) == ("too_late", 409)

    def test_also_what_the_time_has_completed(self, made, ta, clock):
        clock.move_to(made.ends_at + timedelta(days=3))
        assert made.effective_status == "completed"
        assert bookings.mark_no_show(made, ta).status == "no_show"


class TestAbsentTA:
    def test_not_before_the_start(self, made, student, clock):
        clock.move_to(made.starts_at - SECOND)
        assert code(bookings.report_ta_absent, made, student) == ("early", 409)

    @pytest.mark.parametrize("after", ["start", "a day"])
    def test_from_the_start_until_a_day_after_the_end(self, made, student, clock, after):
        clock.move_to(made.starts_at if after == "start" else made.ends_at + DAY)
        reported = bookings.report_ta_absent(made, student)
        assert reported.ta_absent_at is not None
        assert made.events.last().kind == "ta_absent"

    def test_not_later(self, made, student, clock):
        clock.move_to(made.ends_at + DAY + SECOND)
        assert code(bookings.report_ta_absent, made, student) == ("too_late", 409)

    def test_only_by_the_student(self, made, ta, clock):
        clock.move_to(made.ends_at)
        assert code(bookings.report_ta_absent, made, ta) == ("role", 403)

    def test_not_for_a_cancelled_one(self, made, student, clock):
        bookings.cancel(made, student, "")
        clock.move_to(made.ends_at)
        assert code(bookings.report_ta_absent, made, student) == ("cancelled", 409)

    def test_twice_is_once(self, made, student, clock):
        clock.move_to(made.ends_at)
        bookings.report_ta_absent(made, student)
        bookings.report_ta_absent(made, student)
        assert [event.kind for event in made.events.all()] == ["made", "ta_absent"]


class TestByItself:
    """A day after the end a booked one counts as completed everywhere, though no job has run."""

    def test_not_a_second_earlier(self, made, clock):
        clock.move_to(made.ends_at + DAY - SECOND)
        assert made.effective_status == "booked"

    def test_a_day_after_its_end(self, made, clock):
        clock.move_to(made.ends_at + DAY)
        made.refresh_from_db()
        assert (made.status, made.effective_status) == ("booked", "completed")

    def test_not_when_the_ta_was_reported_absent(self, made, student, clock):
        clock.move_to(made.ends_at)
        bookings.report_ta_absent(made, student)
        clock.shift(10 * DAY)
        made.refresh_from_db()
        assert made.effective_status == "booked"

    def test_it_counts_as_a_session_given(self, made, clock):
        now = made.ends_at + DAY
        assert list(Booking.objects.given(now)) == [made]
        assert list(Booking.objects.given(now - SECOND)) == []

    def test_it_can_no_longer_be_moved_or_cancelled(self, made, student, clock):
        clock.move_to(made.ends_at + DAY)
        assert code(bookings.cancel, made, student, "x") == ("over", 409)
        assert code(bookings.move, made, student, made.slot_id) == ("over", 409)

    def test_the_list_and_the_page_say_completed(self, made, student, sign_in, clock):
        clock.move_to(made.ends_at + DAY)
        client = sign_in(student)
        row = f'data-booking-id="{made.pk}" data-status="completed"'
        assert row in client.get("/bookings/?tab=completed").content.decode()
        assert row not in client.get("/bookings/").content.decode()
        page = client.get(made.get_absolute_url()).content.decode()
        assert "Completed, since nobody said otherwise" in page
