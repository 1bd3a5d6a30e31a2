"""The page of an offer: it is its person's, no GET takes it, and it says what became of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from scheduling import notifications, sweeps
from scheduling.models import Booking, Offer, PlaceInLine
from scheduling.services import appointments, bookings, offers, requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of
from scheduling.tests.reading import KEPT, QUESTION, text

pytestmark = pytest.mark.usefixtures("clock")

KEY = "0123456789abcdef0123456789abcdef"
ROOM = "https://meet.example.com/secret"


@pytest.fixture
def slot(ta, topic):
    """Tomorrow from 13:00, one seat."""
    return slots_of(open_time(ta, topic, end="13:30", location=ROOM))[0]


@pytest.fixture
def asked(student, topic):
    return ask(student, topic, QUESTION, shared=True)


@pytest.fixture
def offer(slot, asked):
    return hold(slot, asked)


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


class TestTheOffer:
    def test_it_says_what_until_when_and_brings_the_question(self, client, offer, ta, topic):
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert f'data-offer-id="{offer.pk}"' in page
        assert "Tue 24 Nov, 13:00 – 13:30" in page
        assert topic.name in page
        assert ta.username in page
        assert "Held for you until <b>11:00</b>" in page
        assert "2 h left" in page
        assert KEPT in page

    def test_it_says_online_and_nothing_of_the_room(self, client, offer, asked, post):
        notifications.offers(offer)
        mail = next(mail.body for mail in post() if "is held for you" in mail.body)
        for said in (
            text(client.get(f"/offers/{offer.pk}/")),
            text(client.get(asked.get_absolute_url())),
            text(client.get("/bookings/?tab=requests")),
            mail,
        ):
            assert "online" in said
            assert "meet.example.com" not in said

    def test_it_says_where_on_campus_it_is(self, client, ta, topic, asked, post):
        room = slots_of(open_time(ta, topic, start="16:00", end="16:30", location="Room 504"))[0]
        offer = hold(room, asked)
        notifications.offers(offer)
        mail = next(mail.body for mail in post() if "is held for you" in mail.body)
        for said in (text(client.get(f"/offers/{offer.pk}/")), mail):
            assert "Room 504" in said

    def test_who_joined_gets_the_question_too(self, sign_in, make_user, slot, asked):
        other = make_user("Other")
        requests.join(asked, other)
        offer = hold(slot, asked, other)
        assert KEPT in text(sign_in(other).get(f"/offers/{offer.pk}/"))

    def test_it_is_its_person_s_alone(self, sign_in, offer, ta, stranger, staff):
        for person in (ta, stranger, staff):
            assert sign_in(person).get(f"/offers/{offer.pk}/").status_code == 404
            assert sign_in(person).post(f"/offers/{offer.pk}/").status_code == 404
        offer.refresh_from_db()
        assert offer.status == "open"

    def test_looking_takes_nothing(self, client, offer):
        client.get(f"/offers/{offer.pk}/?question=Why&decline=1")
        client.head(f"/offers/{offer.pk}/")
        offer.refresh_from_db()
        assert offer.status == "open"
        assert not Booking.objects.exists()


class TestTaking:
    def test_it_is_booked_with_the_question_as_it_was_edited(self, client, offer, topic):
        response = client.post(f"/offers/{offer.pk}/", {"question": "Another question"})
        made = Booking.objects.get()
        assert (response.status_code, response.url) == (302, made.get_absolute_url())
        assert (made.slot, made.topic, made.question) == (offer.slot, topic, "Another question")
        offer.refresh_from_db()
        assert offer.status == "taken"
        assert PlaceInLine.objects.get().end == "booked"

    @pytest.mark.parametrize("key", [{}, {"form_key": KEY}])
    def test_sent_twice_it_is_booked_once(self, client, offer, key):
        sent = {"question": "Why?", **key}
        first = client.post(f"/offers/{offer.pk}/", sent)
        assert client.post(f"/offers/{offer.pk}/", sent).url == first.url
        assert Booking.objects.count() == 1

    def test_without_a_question_it_is_not(self, client, offer):
        response = client.post(f"/offers/{offer.pk}/", {"question": " "})
        assert response.status_code == 422
        assert "Write a sentence or two" in text(response)
        offer.refresh_from_db()
        assert offer.status == "open"

    def test_a_rule_of_booking_refuses_it_and_the_text_stays(
        self, client, student, offer, other_ta, topic
    ):
        elsewhere = slots_of(open_time(other_ta, topic))[0]
        Booking.objects.create(
            slot=elsewhere, student=student, ta=other_ta, topic=topic, question="?"
        )
        response = client.post(f"/offers/{offer.pk}/", {"question": QUESTION})
        assert response.status_code == 409
        assert "You have another booking at that time." in text(response)
        assert KEPT in text(response)

    def test_one_second_before_the_end_it_is_still_to_be_had(self, client, offer, clock):
        clock.move_to(offer.expires_at - timedelta(seconds=1))
        assert client.post(f"/offers/{offer.pk}/", {"question": "?"}).status_code == 302

    def test_at_the_end_it_is_not_and_is_ended_by_who_comes_too_late(
        self, client, offer, clock, make_user, topic, run_tasks
    ):
        other = make_user("Next")
        ask(other, topic)
        clock.move_to(offer.expires_at)
        response = client.post(f"/offers/{offer.pk}/", {"question": QUESTION})
        assert response.status_code == 409
        assert "This offer has run out, so the seat was passed on." in text(response)
        assert KEPT in text(response)
        run_tasks()
        assert [(each.student, each.status) for each in Offer.objects.order_by("pk")] == [
            (offer.student, "expired"),
            (other, "open"),
        ]


class TestNotNow:
    def test_it_is_passed_on_and_the_place_stays(self, client, offer, student):
        response = client.post(f"/offers/{offer.pk}/", {"decline": "1"})
        assert (response.status_code, response.url) == (302, f"/offers/{offer.pk}/")
        offer.refresh_from_db()
        assert offer.status == "declined"
        assert PlaceInLine.objects.waiting().get().person == student
        assert "You keep your place in line" in text(client.get(response.url))

    @pytest.mark.parametrize("key", [{}, {"form_key": KEY}])
    def test_sent_twice_it_is_passed_on_once(self, client, offer, key):
        sent = {"decline": "1", **key}
        first = client.post(f"/offers/{offer.pk}/", sent)
        assert client.post(f"/offers/{offer.pk}/", sent).url == first.url

    def test_after_it_was_taken_it_is_refused(self, client, offer):
        client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
        response = client.post(f"/offers/{offer.pk}/", {"decline": "1"})
        assert response.status_code == 409
        assert "You have taken this time" in text(response)
        assert Booking.objects.active().count() == 1


class TestWhatBecameOfIt:
    def test_taken_leads_to_the_booking(self, client, offer):
        made = client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert f'href="{made.url}"' in page
        assert '<form class="form"' not in page

    def test_declined_and_free_leads_to_booking_it_after_all(
        self, client, offer, student, run_tasks, topic
    ):
        offers.decline(offer, student)
        run_tasks()
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert "You have passed this time on." in page
        assert f'href="/bookings/new/?slot={offer.slot_id}&amp;topic={topic.slug}"' in page

    def test_run_out_leads_to_what_one_waits_for(self, client, offer, clock, make_user):
        clock.move_to(offer.expires_at + timedelta(minutes=1))
        sweeps.offer()
        book(make_user("Quick"), offer.slot)
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert "This offer has run out" in page
        assert 'href="/bookings/?tab=requests"' in page

    def test_run_out_and_not_swept_yet_it_says_so_too(self, client, offer, clock):
        clock.move_to(offer.expires_at)
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert "This offer has run out" in page
        assert 'name="decline"' not in page

    def test_withdrawn_says_that_the_time_is_gone(self, client, offer, ta):
        appointments.cancel(offer.slot.appointment, ta, reason="Ill", scope="one")
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert "This time is no longer offered." in page
        assert "You keep your place in line" in page

    def test_with_the_place_gone_one_can_ask_again(self, client, offer, student, asked, topic):
        requests.leave(asked, student)
        page = text(client.get(f"/offers/{offer.pk}/"))
        assert "This time is no longer offered." in page
        assert f'name="question" value="{escape(asked.question)}"' in page
        again = client.post("/requests/new/", {"topic": topic.pk, "question": "Why?", "fill": "1"})
        assert again.context["form"]["question"].value() == "Why?"
        response = client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
        assert response.status_code == 409
        assert not Booking.objects.exists()


def test_a_cancelled_one_can_be_booked_anew_only_as_any_time(client, offer, student):
    client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
    bookings.cancel(Booking.objects.get(), student, "")
    response = client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
    assert response.status_code == 409
    assert timezone.now() < offer.expires_at


def test_one_whose_booking_was_cancelled_says_so_and_leads_to_it(client, offer, ta):
    client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
    booking = Booking.objects.get()
    bookings.cancel(booking, ta, "Ill")
    page = text(client.get(f"/offers/{offer.pk}/"))
    assert "You have taken this time" in page
    assert "The booking has been cancelled since." in page
    assert f'href="{booking.get_absolute_url()}"' in page
    assert "no longer held" not in page


def test_one_whose_booking_was_moved_leads_to_it(client, offer, student, ta, topic):
    client.post(f"/offers/{offer.pk}/", {"question": "Why?"})
    booking = Booking.objects.get()
    later = slots_of(open_time(ta, topic, start="16:00", end="16:30"))[0]
    bookings.move(booking, student, later.pk)
    page = text(client.get(f"/offers/{offer.pk}/"))
    assert "You have taken this time" in page
    assert f'href="{booking.get_absolute_url()}"' in page
    assert "cancelled" not in page


def test_a_place_is_told_only_while_the_seat_is_held(sign_in, student, ta, topic, asked):
    room = slots_of(open_time(ta, topic, start="16:00", end="16:30", location="Room 504"))[0]
    offer = hold(room, asked)
    assert "Room 504" in text(sign_in(student).get(f"/offers/{offer.pk}/"))
    appointments.cancel(room.appointment, ta, "Ill")
    assert "Room 504" not in text(sign_in(student).get(f"/offers/{offer.pk}/"))
