"""Confirming a time and booking it: what each refusal answers, and that nothing typed is lost."""

from dataclasses import replace
from datetime import time

import pytest
from django.utils import timezone

from accounts.models import Block
from scheduling.models import Booking, Takeaway
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.reading import KEPT, QUESTION, slot_ids, text
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slots(ta, topic):
    """Tomorrow from 13:00, four of half an hour."""
    return slots_of(open_time(ta, topic))


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


class TestConfirming:
    def test_it_shows_when_who_where_and_asks_for_the_question(self, client, slots, ta, topic):
        response = client.get(f"/bookings/new/?slot={slots[0].pk}&topic={topic.slug}")
        page = text(response)
        assert response.status_code == 200
        assert "Tue 24 Nov, 13:00 – 13:30" in page
        assert ta.username in page
        assert "Room 504" in page
        assert topic.name in page
        assert f'<input type="hidden" name="slot" value="{slots[0].pk}">' in page
        assert f'<input type="hidden" name="topic" value="{topic.pk}">' in page
        assert '<textarea name="question"' in page

    def test_the_only_topic_needs_no_choosing(self, client, slots, topic):
        page = text(client.get(f"/bookings/new/?slot={slots[0].pk}"))
        assert f'<input type="hidden" name="topic" value="{topic.pk}">' in page

    @pytest.mark.parametrize("handle", ["slug", "id"])
    def test_of_several_topics_the_asked_one_is_chosen(self, client, ta, topic, handle):
        other = Topic.objects.create(name="Databases", slug="databases")
        Registration.objects.create(user=ta, topic=other)
        slot = slots_of(open_time(ta, topic, other))[0]
        asked = other.slug if handle == "slug" else other.pk
        page = text(client.get(f"/bookings/new/?slot={slot.pk}&topic={asked}"))
        assert f'name="topic" value="{other.pk}" required checked' in page
        assert f'name="topic" value="{topic.pk}" required>' in page

    def test_of_several_topics_none_is_chosen_for_the_student(self, client, ta, topic):
        other = Topic.objects.create(name="Databases", slug="databases")
        Registration.objects.create(user=ta, topic=other)
        slot = slots_of(open_time(ta, topic, other))[0]
        page = text(client.get(f"/bookings/new/?slot={slot.pk}&topic=unknown"))
        assert page.count('name="topic"') == 2
        assert "checked" not in page

    def test_the_address_of_an_online_room_is_for_those_who_booked(self, client, ta, topic):
        slot = slots_of(open_time(ta, topic, location="https://meet.example.com/secret"))[0]
        assert "meet.example.com" not in text(client.get(f"/bookings/new/?slot={slot.pk}"))
        made = client.post(
            "/bookings/new/", {"slot": slot.pk, "topic": topic.pk, "question": "Why?"}
        )
        page = text(client.get(made.url))
        assert 'href="https://meet.example.com/secret" rel="noopener noreferrer"' in page

    @pytest.mark.parametrize(
        ("location", "notes"),
        [
            ("Room 504", "Or online: https://zoom.example/j/84271350"),
            ("Room 504", "Or online: HTTP://zoom.example/j/84271350"),
            ("Room 504", "Or on zoom.us/j/84271350"),
            ("https://zoom.example/j/9", "The code is 84271350"),
            ("Zoom https://zoom.example/j/9", "The code is 84271350"),
            ("meet.google.com/abc-defg", "The code is 84271350"),
            ("Zoom", "Meeting ID 84271350"),
            ("Zoom", "Passcode: 84271350"),
            ("Zoom", "รหัส 84271350"),
        ],
    )
    def test_notes_that_lead_into_a_room_are_for_those_who_booked(
        self, client, student, ta, topic, location, notes
    ):
        slot = slots_of(open_time(ta, topic, location=location, notes=notes))[0]
        page = text(client.get(f"/bookings/new/?slot={slot.pk}"))
        assert "You can read the TA's notes once you have booked." in page
        assert not any(part in page.lower() for part in ("zoom.", "google.com", "84271350"))
        page = text(client.get(book(student, slot).get_absolute_url()))
        assert "84271350" in page

    def test_other_notes_are_read_before(self, client, ta, topic):
        slot = slots_of(open_time(ta, topic, location="B.Sc/M.Sc room", notes="Bring a laptop."))[0]
        page = text(client.get(f"/bookings/new/?slot={slot.pk}"))
        assert "Bring a laptop." in page
        assert "B.Sc/M.Sc room" in page

    def test_seats_left_are_told_where_there_are_several(self, client, stranger, ta, topic):
        slot = slots_of(open_time(ta, topic, capacity=3))[0]
        book(stranger, slot)
        assert "2 seats left" in text(client.get(f"/bookings/new/?slot={slot.pk}"))

    def test_a_taken_time_answers_409_with_the_nearest_free_ones(
        self, client, stranger, slots, topic
    ):
        book(stranger, slots[1])
        response = client.get(f"/bookings/new/?slot={slots[1].pk}&topic={topic.slug}")
        assert response.status_code == 409
        assert "This time was just taken" in text(response)
        assert slot_ids(response) == [slots[0].pk, slots[2].pk, slots[3].pk]
        assert f"/bookings/new/?slot={slots[0].pk}&amp;topic={topic.slug}" in text(response)

    def test_six_of_the_nearest_are_shown_also_where_the_student_is_busy_at_some(
        self, client, student, stranger, make_user, ta, topic
    ):
        slots = slots_of(open_time(ta, topic, start="10:00", end="15:00"))
        other = make_user("Anan K.")
        Registration.objects.create(user=other, topic=topic)
        book(stranger, slots[0])
        for slot in slots_of(open_time(other, topic, start="10:30", end="11:30")):
            book(student, slot)
        response = client.get(f"/bookings/new/?slot={slots[0].pk}&topic={topic.slug}")
        assert slot_ids(response) == [slot.pk for slot in slots[3:9]]

    def test_a_time_that_was_taken_off_leads_to_times_for_the_same_topic(
        self, client, student, ta, topic, second_topic
    ):
        session = open_time(ta, topic)
        open_time(ta, second_topic, start="15:00", end="16:00")
        later = open_time(ta, topic, start="17:00", end="18:00")
        gone = slots_of(session)[3]
        bookings.cancel(book(student, gone), student, "")
        appointments.edit(session, ta, replace(Plan.of(session), end=time(13, 30)))
        here = [slots_of(session)[0].pk, *(slot.pk for slot in slots_of(later))]
        for path in (
            f"/bookings/new/?slot={gone.pk}&topic={topic.pk}",
            f"/bookings/new/?slot={gone.pk}",
        ):
            response = client.get(path)
            assert response.status_code == 409
            assert "This time is no longer offered." in text(response)
            assert slot_ids(response) == here
        session.refresh_from_db()
        appointments.edit(session, ta, replace(Plan.of(session), topics=[second_topic]))
        response = client.get(f"/bookings/new/?slot={gone.pk}&topic={topic.slug}")
        assert slot_ids(response) == here[1:]

    def test_a_time_of_an_archived_topic_says_so(self, client, slots, topic, ta, second_topic):
        open_time(ta, second_topic, start="15:00", end="16:00")
        Topic.objects.filter(pk=topic.pk).update(archived_at=timezone.now())
        for handle in ("", topic.slug):
            response = client.get(f"/bookings/new/?slot={slots[0].pk}&topic={handle}")
            assert response.status_code == 409
            assert "This topic was archived" in text(response)
            assert slot_ids(response) == []
        sent = {"slot": slots[0].pk, "topic": topic.pk, "question": QUESTION}
        response = client.post("/bookings/new/", sent)
        assert (response.status_code, KEPT in text(response)) == (422, True)
        assert "This topic was archived" in text(response)

    def test_a_topic_that_the_ta_no_longer_teaches_says_so(self, client, slots):
        Registration.objects.all().delete()
        page = text(client.get(f"/bookings/new/?slot={slots[0].pk}"))
        assert "The TA doesn&#x27;t teach this topic any more." in page

    def test_a_blocked_pair_answers_403(self, client, student, ta, slots):
        Block.objects.create(blocker=ta, blocked=student)
        response = client.get(f"/bookings/new/?slot={slots[0].pk}")
        assert response.status_code == 403
        assert "You can&#x27;t book time with this TA." in text(response)
        assert slot_ids(response) == []

    @pytest.mark.parametrize(
        "slot", ["", "0", "-1", "abc", "1.5", "999999", "99999999999999999999", "%00", "²"]
    )
    def test_an_unknown_slot_is_not_found(self, client, slots, slot):
        assert client.get(f"/bookings/new/?slot={slot}").status_code == 404
        assert client.post("/bookings/new/", {"slot": slot}).status_code == 404
        assert client.get("/bookings/new/").status_code == 404


class TestBooking:
    def send(self, client, slot, topic, question=QUESTION):
        return client.post(
            "/bookings/new/", {"slot": slot.pk, "topic": topic, "question": question}
        )

    def test_it_books_and_leads_to_the_booking(self, client, student, slots, topic):
        response = self.send(client, slots[0], topic.pk)
        made = Booking.objects.get()
        assert (response.status_code, response.url) == (302, f"/bookings/{made.pk}/")
        assert (made.student, made.slot, made.topic) == (student, slots[0], topic)
        assert "Booked. See you there!" in text(client.get(response.url))

    def test_the_topic_may_be_its_slug(self, client, slots, topic):
        assert self.send(client, slots[0], topic.slug).status_code == 302

    def test_lines_stay_and_the_ends_of_browsers_become_plain(self, client, slots, topic):
        self.send(client, slots[0], topic.pk, "  a\r\n  b\r\n\r\nc  ")
        assert Booking.objects.get().question == "a\n  b\n\nc"

    def test_a_thousand_characters_with_line_ends_counted_once(self, client, slots, topic):
        question = "ก" * 499 + "\r\n" + "x" * 500
        assert self.send(client, slots[0], topic.pk, question).status_code == 302

    @pytest.mark.parametrize(
        "question", ["", "   \n ", "\u200b", "\u2800\u3164\ufe0f", "x" * 1001, "nul \0 inside"]
    )
    def test_a_wrong_question_is_told_beside_the_field(self, client, slots, topic, question):
        response = self.send(client, slots[0], topic.pk, question)
        assert response.status_code == 422
        assert 'id="id_question_error"' in text(response)
        assert not Booking.objects.exists()

    @pytest.mark.parametrize("handle", ["", "nonsense", "0", "99999999999999999999", "a\0b"])
    def test_a_wrong_topic_is_told_and_the_question_kept(self, client, slots, topic, handle):
        response = self.send(client, slots[0], handle)
        assert response.status_code == 422
        assert KEPT in text(response)
        assert 'id="id_topic_error"' in text(response)
        assert f'name="topic" value="{topic.pk}" required' in text(response)

    def test_a_topic_of_another_session_is_told_beside_the_topics(self, client, slots):
        other = Topic.objects.create(name="Databases", slug="databases")
        response = self.send(client, slots[0], other.pk)
        assert response.status_code == 422
        assert "This session isn&#x27;t for that topic." in text(response)
        assert KEPT in text(response)

    def test_the_loser_of_a_race_sends_the_question_to_another_time(
        self, client, stranger, slots, topic
    ):
        book(stranger, slots[1])
        response = self.send(client, slots[1], topic.slug)
        page = text(response)
        assert response.status_code == 409
        assert "Sorry, this time was just taken." in page
        assert KEPT in page
        assert slot_ids(response) == [slots[0].pk, slots[2].pk, slots[3].pk]
        assert f'name="slot" value="{slots[2].pk}" data-slot-id="{slots[2].pk}"' in page
        assert f'<input type="hidden" name="topic" value="{topic.pk}">' in page
        assert '<input type="hidden" name="slot"' not in page
        assert self.send(client, slots[2], topic.pk).status_code == 302

    def test_the_loser_of_a_race_costs_seven_queries(
        self, client, stranger, slots, topic, django_assert_num_queries
    ):
        book(stranger, slots[1])
        self.send(client, slots[1], topic.slug)
        with django_assert_num_queries(7):
            assert self.send(client, slots[1], topic.slug).status_code == 409

    def test_a_full_time_was_just_taken_for_any_topic(self, client, stranger, slots):
        book(stranger, slots[1])
        Registration.objects.all().delete()
        page = text(client.get(f"/bookings/new/?slot={slots[1].pk}"))
        assert "Sorry, this time was just taken." in page

    def test_the_loser_shows_what_was_left_only_where_it_was_ticked(
        self, client, student, stranger, slots, topic
    ):
        left = book(student, slots[3])
        Takeaway.objects.create(booking=left, done="Rotated a tree", search_key="rotated a tree")
        book(stranger, slots[1])
        sent = {"slot": slots[1].pk, "topic": topic.pk, "question": QUESTION}
        assert "show_takeaway" not in text(client.post("/bookings/new/", sent))
        ticked = text(client.post("/bookings/new/", {**sent, "show_takeaway": "on"}))
        assert 'name="show_takeaway" id="id_show_takeaway" checked' in ticked
        assert "Rotated a tree" in ticked

    def test_when_the_ta_has_no_other_time_another_ta_s_is_offered(
        self, client, student, stranger, make_user, ta, topic
    ):
        slot = slots_of(open_time(ta, topic, start="13:00", end="13:30"))[0]
        book(stranger, slot)
        other = make_user("Anan K.")
        Registration.objects.create(user=other, topic=topic)
        offered = slots_of(open_time(other, topic, start="15:00", end="15:30"))[0]
        response = self.send(client, slot, topic.pk)
        assert slot_ids(response) == [offered.pk]
        assert "Anan K." in text(response)

    def test_with_no_time_anywhere_the_question_still_stands(self, client, stranger, ta, topic):
        slot = slots_of(open_time(ta, topic, start="13:00", end="13:30"))[0]
        book(stranger, slot)
        response = self.send(client, slot, topic.pk)
        assert response.status_code == 409
        assert slot_ids(response) == []
        assert KEPT in text(response)
        assert f"More times for {topic.name}" in text(response)

    def test_a_sixth_one_is_refused_and_can_be_sent_again(self, client, student, slots, ta, topic):
        more = slots_of(open_time(ta, topic, start="15:00", end="17:00"))
        for slot in [*slots, more[0]]:
            book(student, slot)
        response = self.send(client, more[1], topic.pk)
        assert response.status_code == 409
        assert "You have 5 upcoming bookings" in text(response)
        assert KEPT in text(response)
        assert slot_ids(response) == []
        assert f'<input type="hidden" name="slot" value="{more[1].pk}">' in text(response)

    def test_a_block_answers_403(self, client, student, ta, slots, topic):
        Block.objects.create(blocker=student, blocked=ta)
        response = self.send(client, slots[0], topic.pk)
        assert response.status_code == 403
        assert KEPT in text(response)

    def test_one_s_own_slot_answers_409(self, ta, slots, topic, sign_in):
        assert self.send(sign_in(ta), slots[0], topic.pk).status_code == 409

    def test_a_get_never_books(self, client, slots, topic):
        client.get(f"/bookings/new/?slot={slots[0].pk}&topic={topic.pk}&question=Why")
        assert not Booking.objects.exists()
