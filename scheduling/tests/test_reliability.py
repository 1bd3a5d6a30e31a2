"""What missed and late-cancelled times count, seen by their student alone, and disputes."""

from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import Booking, Dispute, Offer
from scheduling.queries.reliability import marks_of, one_at_a_time
from scheduling.services import bookings, reliability
from scheduling.tests.factories import ask, book, open_time, slots_of, text, tomorrow
from scheduling.tests.reading import queries
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BOOKINGS = "/bookings/"


@pytest.fixture
def session(clock, ta, topic):
    """Tomorrow from 13 to 15."""
    return open_time(ta, topic, capacity=3)


@pytest.fixture
def missed(session, clock, student, ta):
    """A no-show of the student's, tomorrow at 13; it is a day later."""
    made = book(student, slots_of(session)[0])
    clock.move_to(made.starts_at + 15 * MINUTE)
    bookings.mark_no_show(made, ta)
    clock.move_to(session.starts_at + DAY)
    return Booking.objects.get(pk=made.pk)


@pytest.fixture
def late(missed, clock, student, ta, topic):
    """And one that was cancelled late, of the day after."""
    other = open_time(ta, topic, day=tomorrow())
    made = book(student, slots_of(other)[0])
    clock.move_to(made.starts_at - 60 * MINUTE)
    bookings.cancel(made, student, "Ill")
    return Booking.objects.get(pk=made.pk)


@pytest.fixture
def coming(late, ta, topic):
    return slots_of(open_time(ta, topic, day=tomorrow() + DAY, capacity=3))


def points(student) -> list[int]:
    return [mark.points for mark in marks_of(student.pk)]


class TestPoints:
    def test_are_two_for_a_no_show_and_one_for_a_late_cancellation(self, late, student, ta):
        assert points(student) == [2, 1]
        assert points(ta) == []

    def test_fade_after_sixty_days(self, missed, late, student, clock):
        clock.move_to(missed.starts_at + 60 * DAY - MINUTE)
        assert points(student) == [2, 1]
        clock.shift(MINUTE)
        assert points(student) == [1]
        clock.move_to(late.starts_at + 60 * DAY)
        assert points(student) == []

    def test_the_page_of_the_booking_says_so_to_the_minute(self, missed, student, clock, sign_in):
        def page():
            return text(sign_in(student).get(missed.get_absolute_url()))

        clock.move_to(missed.starts_at + 60 * DAY - MINUTE)
        assert "It counts 2 points until Saturday 23 January" in page()
        clock.shift(MINUTE)
        assert "It counts" not in page()

    def test_are_none_for_what_others_cancelled_or_in_time(self, session, student, ta):
        first, second, *_rest = slots_of(session)
        bookings.cancel(book(student, first), student, "")
        bookings.cancel(book(student, second), ta, "Ill")
        assert points(student) == []

    def test_are_none_while_the_policy_is_off(self, coming, student):
        source.keep(Changes({"RELIABILITY_POINTS": 0}))
        assert points(student) == []
        for slot in coming[:2]:
            book(student, slot)


class TestOneAtATime:
    def test_is_the_most_from_three_points_on(self, coming, student, missed, sign_in):
        book(student, coming[0])
        with pytest.raises(SchedulingError) as refused:
            book(student, coming[1])
        assert refused.value.code == "one_at_a_time"
        assert "Until Saturday 23 January" in refused.value.message
        page = sign_in(student).get(f"/users/{coming[0].appointment.ta_id}/timeslots/")
        assert text(page).count("Until Saturday 23 January") == 1

    def test_lets_the_one_be_moved_and_replaced(self, coming, student, ta):
        made = book(student, coming[0])
        assert bookings.move(made, student, coming[2].pk).slot == coming[2]
        bookings.cancel(made, ta, "Ill")
        bookings.rebook(Booking.objects.get(pk=made.pk), student, coming[3].pk, "Why?")

    def test_ends_when_enough_has_faded(self, coming, missed, student, clock):
        end = when.local(missed.starts_at + 60 * DAY).date()
        assert one_at_a_time([student.pk]) == {student.pk: end}
        clock.move_to(missed.starts_at + 60 * DAY)
        assert one_at_a_time([student.pk]) == {}

    def test_is_nothing_below_three_points(self, missed, student, ta, topic):
        first, second, *_rest = slots_of(open_time(ta, topic, day=tomorrow() + DAY))
        book(student, first)
        book(student, second)

    def test_holds_in_matching_too(self, coming, student, ta, topic, make_user, run_tasks):
        book(student, coming[0])
        ask(student, topic)
        for number in range(3):
            made = book(make_user(f"Person {number}"), coming[2])
        bookings.cancel(made, ta, "Ill")
        run_tasks()
        assert not Offer.objects.exists()


class TestTheStudent:
    def test_sees_each_with_the_day_it_fades(self, late, student, sign_in):
        page = text(sign_in(student).get(BOOKINGS))
        assert "What counts at the moment" in page
        assert "2 points, fade on Sat 23 Jan" in page
        assert "1 point, fades on Mon 25 Jan" in page
        assert "You can have one booking at a time until Saturday 23 January" in page

    def test_finds_it_among_their_own_settings(self, late, student, ta, sign_in):
        page = text(sign_in(student).get("/users/me/"))
        assert "2 points, fade on Sat 23 Jan" in page
        assert "1 point, fades on Mon 25 Jan" in page
        assert "What counts at the moment" not in text(sign_in(ta).get("/users/me/"))

    def test_alone_sees_it(self, missed, student, ta, staff, sign_in):
        page = missed.get_absolute_url()
        assert "It counts 2 points until" in text(sign_in(student).get(page))
        assert "It counts" not in text(sign_in(ta).get(page))
        assert "What counts at the moment" not in text(sign_in(ta).get(BOOKINGS))
        assert "points" not in text(sign_in(ta).get(student.get_absolute_url()))

    def test_reads_the_list_at_one_price(self, missed, late, student, sign_in):
        client = sign_in(student)
        two = queries(client, BOOKINGS)
        Booking.objects.filter(pk=late.pk).update(cancelled_late=False)
        assert queries(client, BOOKINGS) == two


class TestADispute:
    @pytest.fixture
    def path(self, missed):
        return f"/bookings/{missed.pk}/dispute/"

    def test_counts_nothing_until_staff_decide(self, missed, late, path, student, sign_in):
        client = sign_in(student)
        assert "This is wrong" in text(client.get(missed.get_absolute_url()))
        assert client.get(path).status_code == 200
        response = client.post(path, {"reason": "I was in the other room."})
        assert (response.status_code, response.url) == (302, f"/bookings/{missed.pk}/")
        assert points(student) == [1]
        page = text(client.get(missed.get_absolute_url()))
        assert "The staff will decide" in page
        assert "This is wrong" not in page
        assert "waits for the staff" in text(client.get(BOOKINGS))

    def test_is_said_once(self, path, student, sign_in):
        client = sign_in(student)
        for _time in range(2):
            assert client.post(path, {"reason": "I was there."}).status_code == 302
        assert Dispute.objects.count() == 1
        response = client.get(path)
        assert (response.status_code, "already" in text(response)) == (409, True)

    def test_takes_a_reason(self, path, student, sign_in):
        assert sign_in(student).post(path, {"reason": "\u200b "}).status_code == 422
        assert not Dispute.objects.exists()

    def test_is_its_students_and_of_a_no_show(
        self, missed, late, path, sign_in, ta, stranger, student
    ):
        assert sign_in(ta).post(path, {"reason": "No"}).status_code == 403
        assert sign_in(stranger).post(path, {"reason": "No"}).status_code == 404
        other = f"/bookings/{late.pk}/dispute/"
        assert sign_in(student).post(other, {"reason": "No"}).status_code == 409

    @pytest.mark.parametrize(
        ("action", "left", "words"),
        [("uphold", [2, 1], "the no-show stands"), ("set_aside", [1], "counts nothing")],
    )
    def test_is_decided_by_staff_and_its_student_is_told(
        self, late, missed, student, staff, sign_in, post, action, left, words
    ):
        made = reliability.dispute(missed, student, "I was there.")
        before = len(post())
        sent = {"action": action, "_selected_action": made.pk}
        sign_in(staff).post("/admin/scheduling/dispute/", sent)
        assert points(student) == left
        [letter] = post()[before:]
        assert letter.to == [student.email]
        assert words in letter.body
        with pytest.raises(SchedulingError, match="decided already"):
            reliability.decide(made, staff, Dispute.Decision.UPHELD)
