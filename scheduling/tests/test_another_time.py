"""Another time, after a booking was cancelled for its student."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import blocks, deletion, suspensions
from scheduling.errors import SchedulingError
from scheduling.models import Booking
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow
from topics.models import Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def session(ta, topic):
    return open_time(ta, topic)


@pytest.fixture
def lost(student, ta, session):
    """The student's booking, 13:00 tomorrow, which the TA has cancelled."""
    return bookings.cancel(book(student, slots_of(session)[0]), ta, "I am ill")


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


def path(lost) -> str:
    return f"/bookings/{lost.pk}/rebook/"


def offered(page: str) -> list[int]:
    """The ids of the slots that the page offers instead, in its order."""
    return [int(pk) for pk in re.findall(r'/rebook/\?slot=(\d+)"', page)]


class TestOffered:
    def test_on_both_pages_with_the_question(self, lost, client, session):
        for where in (f"/bookings/{lost.pk}/", path(lost)):
            page = text(client.get(where))
            assert offered(page) == [slot.pk for slot in slots_of(session)[1:]], where
            assert "Why does my tree rotate?" in page

    def test_the_same_ta_first_then_anybody_six_at_most(
        self, lost, client, session, other_ta, topic
    ):
        """The nearest in time; never the time that was just taken back, though it is free."""
        others = open_time(other_ta, topic, start="10:00", end="13:00")
        assert offered(text(client.get(path(lost)))) == [
            *(slot.pk for slot in slots_of(session)[1:]),
            *(slot.pk for slot in slots_of(others)[-3:]),
        ]

    def test_enough_of_the_same_ta_leave_no_room_for_others(
        self, lost, client, ta, other_ta, topic, session
    ):
        more = open_time(ta, topic, start="15:00", end="18:00")
        open_time(other_ta, topic, start="12:00", end="13:00")
        expected = [*slots_of(session)[1:], *slots_of(more)[:3]]
        assert offered(text(client.get(path(lost)))) == [slot.pk for slot in expected]

    def test_only_for_the_same_topic(self, lost, client, ta, other_ta, session, creator):
        other = Topic.objects.create(name="Databases", slug="databases", creator=creator)
        other.registrations.create(user=other_ta)
        open_time(other_ta, other, start="10:00", end="12:00")
        assert len(offered(text(client.get(path(lost))))) == 3

    def test_not_what_clashes_with_the_student_s_own(self, lost, client, student, other_ta, topic):
        clash = slots_of(open_time(other_ta, topic, start="13:30", end="14:00"))[0]
        book(student, clash)
        assert len(offered(text(client.get(path(lost))))) == 2

    def test_with_nothing_free_the_page_says_so(self, lost, client, ta, session):
        appointments.cancel(session, ta, "I am ill")
        page = text(client.get(path(lost)))
        assert "There is no free time for this topic right now." in page
        assert 'href="/topics/data-structures/"' in page

    def test_when_a_session_is_cancelled_each_of_its_students_gets_it(
        self, student, stranger, ta, session, sign_in, other_ta, topic
    ):
        made = [
            book(who, slot)
            for who, slot in zip((student, stranger), slots_of(session)[:2], strict=True)
        ]
        appointments.cancel(session, ta, "I am ill")
        others = open_time(other_ta, topic)
        for who, one in zip((student, stranger), made, strict=True):
            page = text(sign_in(who).get(f"/bookings/{one.pk}/"))
            assert offered(page) == [slot.pk for slot in slots_of(others)]

    @pytest.mark.parametrize("how", ["suspended", "deleted", "staff"])
    def test_whoever_else_cancelled_it(
        self, student, ta, staff, session, other_ta, topic, client, how, run_tasks
    ):
        others = open_time(other_ta, topic)
        made = book(student, slots_of(session)[0])
        run_tasks()
        mail.outbox.clear()
        if how == "suspended":
            suspensions.suspend(ta, actor=staff, cancel_bookings=True)
        elif how == "deleted":
            deletion.delete_account(ta)
        else:
            bookings.cancel_by_staff(made, staff, "The room is closed")
        run_tasks()
        [letter] = [each for each in mail.outbox if each.to == [student.email]]
        words = (
            "since the TA deleted their account" if how == "deleted" else "The faculty&#x27;s staff"
        )
        page = text(client.get(f"/bookings/{made.pk}/"))
        assert words in page
        assert words.replace("&#x27;", "'") in letter.body
        free = [] if how != "staff" else slots_of(session)[1:]
        expected = [slot.pk for slot in (*free, *slots_of(others))][:6]
        assert offered(page) == expected
        found = re.findall(r"http://localhost(/bookings/\d+/rebook/\S*)", letter.body)
        assert found == [*(f"{path(made)}?slot={pk}" for pk in expected), path(made)]
        for address in found:
            assert client.get(address).status_code == 200

    def test_not_after_one_s_own_cancellation(self, student, session, client, topic, run_tasks):
        made = book(student, slots_of(session)[0])
        run_tasks()
        mail.outbox.clear()
        bookings.cancel(made, student, "")
        assert "/rebook/" not in text(client.get(f"/bookings/{made.pk}/"))
        response = client.get(path(made))
        assert response.status_code == 409
        assert "You cancelled this booking yourself." in text(response)
        assert client.post(path(made), {"slot": 1, "question": "Why?"}).status_code == 409
        run_tasks()
        [letter] = [each for each in mail.outbox if each.to == [student.email]]
        assert "Find another time: http://localhost/topics/data-structures/" in letter.body

    def test_not_while_it_stands(self, student, session, client):
        made = book(student, slots_of(session)[0])
        assert client.get(path(made)).status_code == 409

    def test_for_its_student_alone(self, lost, ta, stranger, staff, session, sign_in):
        sent = {"slot": slots_of(session)[1].pk, "question": "Why?"}
        for who, status in ((ta, 403), (stranger, 404), (staff, 404)):
            assert sign_in(who).get(path(lost)).status_code == status
            assert sign_in(who).post(path(lost), sent).status_code == status
        assert "/rebook/" not in text(sign_in(ta).get(f"/bookings/{lost.pk}/"))

    def test_more_times_cost_no_more_queries(self, lost, client, other_ta, topic):
        def count() -> int:
            with CaptureQueriesContext(connection) as caught:
                client.get(f"/bookings/{lost.pk}/")
            return len(caught)

        open_time(other_ta, topic, start="09:00", end="09:30")
        count()
        few = count()
        open_time(other_ta, topic, start="10:00", end="13:00")
        assert count() == few


class TestBooked:
    def test_a_tap_a_confirm_page_and_it_is_booked(self, lost, client, session):
        slot = slots_of(session)[2]
        page = text(client.get(f"{path(lost)}?slot={slot.pk}"))
        assert "Why does my tree rotate?</textarea>" in page
        assert not Booking.objects.active().exists()
        response = client.post(path(lost), {"slot": slot.pk, "question": "And back?"})
        made = Booking.objects.active().get()
        assert (response.status_code, response.url) == (302, f"/bookings/{made.pk}/")
        assert (made.replaces, made.slot, made.question) == (lost, slot, "And back?")
        assert made.topic == lost.topic
        assert f'href="/bookings/{lost.pk}/"' in text(client.get(response.url))
        page = text(client.get(f"/bookings/{lost.pk}/"))
        assert f'href="/bookings/{made.pk}/"' in page
        assert offered(page) == []

    def test_once_for_each(self, lost, client, student, session):
        first, second = slots_of(session)[1:3]
        sent = {"slot": first.pk, "question": "Why?"}
        made = client.post(path(lost), sent)
        assert client.post(path(lost), sent).url == made.url
        assert client.get(path(lost)).url == made.url
        response = client.post(path(lost), {"slot": second.pk, "question": "Why?"})
        assert response.status_code == 409
        assert "You have already booked another time instead." in text(response)
        assert made.url in text(response)
        bookings.cancel(Booking.objects.active().get(), student, "")
        assert client.post(path(lost), sent).status_code == 409
        assert Booking.objects.count() == 2

    def test_beyond_the_number_of_bookings(
        self, lost, client, student, ta, topic, session, settings
    ):
        settings.MAX_ACTIVE_BOOKINGS = 1
        later = open_time(ta, topic, day=tomorrow() + timedelta(days=1))
        book(student, slots_of(later)[0])
        page = text(client.get(path(lost)))
        assert len(offered(page)) == 6
        assert "the most you can have" not in page
        sent = {"slot": slots_of(session)[1].pk, "question": "Why?"}
        assert client.post(path(lost), sent).status_code == 302
        with pytest.raises(SchedulingError, match="the most you can have at once"):
            book(student, slots_of(session)[2])

    def test_every_other_rule_holds(self, lost, client, student, stranger, ta, session, clock):
        slots = slots_of(session)
        book(stranger, slots[1])
        response = client.post(path(lost), {"slot": slots[1].pk, "question": "Typed anew"})
        page = text(response)
        assert response.status_code == 409
        assert "Sorry, this time was just taken." in page
        assert "Typed anew</textarea>" in page
        assert f'name="slot" value="{slots[2].pk}"' in page
        assert client.get(f"{path(lost)}?slot={slots[1].pk}").status_code == 409
        blocks.block(ta, student)
        assert client.post(path(lost), {"slot": slots[2].pk, "question": "x"}).status_code == 403
        blocks.unblock(ta, student)
        clock.move_to(slots[2].starts_at - timedelta(minutes=59))
        assert client.post(path(lost), {"slot": slots[2].pk, "question": "x"}).status_code == 409

    def test_an_empty_question_and_an_unknown_slot(self, lost, client, session):
        slot = slots_of(session)[1]
        response = client.post(path(lost), {"slot": slot.pk, "question": " "})
        assert response.status_code == 422
        assert f'name="slot" value="{slot.pk}"' in text(response)
        for wrong in ("", "x", "0", "999999999"):
            assert client.post(path(lost), {"slot": wrong, "question": "x"}).status_code == 404
            if wrong:
                assert client.get(f"{path(lost)}?slot={wrong}").status_code == 404

    def test_cancelled_again_it_can_be_replaced_in_turn(self, lost, client, student, ta, session):
        made = bookings.rebook(lost, student, slots_of(session)[1].pk, "Why?")
        bookings.cancel(made, ta, "Still ill")
        assert offered(text(client.get(f"/bookings/{made.pk}/")))
        assert client.get(path(lost)).url == f"/bookings/{made.pk}/"
