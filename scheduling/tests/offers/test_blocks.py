"""A block between two people ends what one of them waits for of the other, and hides what they asked."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.services import blocks
from scheduling import sweeps
from scheduling.models import FreedSeat, Offer, PlaceInLine
from scheduling.services import bookings, offers, requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, text
from scheduling.tests.test_races import at_once, open_slot
from setahub.core import clock as when

WAYS = pytest.mark.parametrize("way", ["by the TA", "by the student"])


def apart(way, ta, student):
    """The one way or the other."""
    pair = (ta, student) if way == "by the TA" else (student, ta)
    blocks.block(*pair)


@pytest.mark.usefixtures("clock")
class TestAnOffer:
    @WAYS
    def test_ends_and_the_next_in_line_is_offered_the_seat(
        self, ta, topic, student, stranger, run_tasks, post, way
    ):
        slot = slots_of(open_time(ta, topic, end="13:30"))[0]
        held = hold(slot, ask(student, topic))
        ask(stranger, topic)
        apart(way, ta, student)
        run_tasks()
        rows = Offer.objects.order_by("pk").values_list("student", "status", "turn")
        assert list(rows) == [(student.pk, "withdrawn", 1), (stranger.pk, "open", 2)]
        assert held.place.ended_at is None
        words = [mail.body for mail in post() if mail.to == [student.email]]
        assert len(words) == 1
        assert "This time is no longer offered, so the seat isn't held" in words[0]
        assert "You keep your place in line" in words[0]

    def test_of_another_ta_stays(self, ta, topic, student, stranger):
        held = hold(slots_of(open_time(ta, topic))[0], ask(student, topic))
        blocks.block(stranger, student)
        held.refresh_from_db()
        assert held.status == "open"

    def test_that_was_matched_beside_the_block_ends_with_the_sweep(
        self, ta, topic, student, stranger, run_tasks
    ):
        slot = slots_of(open_time(ta, topic, end="13:30"))[0]
        blocks.block(ta, student)
        hold(slot, ask(student, topic))
        ask(stranger, topic)
        sweeps.offer()
        run_tasks()
        rows = Offer.objects.order_by("pk").values_list("student", "status")
        assert list(rows) == [(student.pk, "withdrawn"), (stranger.pk, "open")]

    def test_cannot_be_taken_any_more(self, ta, topic, student, sign_in):
        held = hold(slots_of(open_time(ta, topic))[0], ask(student, topic))
        client = sign_in(student)
        blocks.block(ta, student)
        response = client.post(held.get_absolute_url(), {"question": "Why?"})
        assert response.status_code == 409
        assert "This time is no longer offered." in text(response)
        assert "block" not in text(response).lower()


@pytest.mark.usefixtures("clock")
class TestAPlaceInLine:
    @WAYS
    def test_for_a_named_ta_ends_with_words(self, ta, topic, student, post, sign_in, way):
        asked = ask(student, topic, ta=ta)
        apart(way, ta, student)
        asked.refresh_from_db()
        assert (asked.places.get().end, asked.status) == ("gone", "withdrawn")
        words = [mail.body for mail in post() if mail.to == [student.email]]
        assert len(words) == 1
        assert "What you waited for is no longer offered" in words[0]
        assert asked.question in words[0]
        page = text(sign_in(student).get(asked.get_absolute_url()))
        assert "What you waited for is no longer offered, so your place ended." in page

    def test_for_anybody_stays(self, ta, topic, student):
        asked = ask(student, topic)
        blocks.block(ta, student)
        assert asked.places.get().ended_at is None

    @WAYS
    def test_beside_somebody_ends_and_the_question_is_read_no_more(
        self, topic, student, stranger, sign_in, post, way
    ):
        asked = ask(student, topic, "What is a heap?", shared=True)
        requests.join(asked, stranger)
        requests.close(asked, student, solved=False)
        apart(way, stranger, student)
        place = PlaceInLine.objects.get(person=stranger)
        assert place.end == "gone"
        client = sign_in(stranger)
        path = asked.get_absolute_url()
        assert client.get(path).status_code == 404
        assert client.post(f"{path}leave/").status_code == 404
        assert client.post(f"{path}join/").status_code == 404
        assert "What is a heap?" not in text(client.get("/bookings/?tab=requests"))
        assert "What is a heap?" not in "".join(mail.body for mail in post())
        assert "What is a heap?" in text(sign_in(student).get("/bookings/?tab=requests"))

    def test_of_the_owner_stays_when_who_joined_is_blocked(self, topic, student, stranger):
        asked = ask(student, topic, shared=True)
        requests.join(asked, stranger)
        blocks.block(student, stranger)
        waiting = PlaceInLine.objects.waiting()
        assert [place.person for place in waiting] == [student]

    def test_of_the_third_who_joined_stays(self, topic, ta, student, stranger, creator):
        asked = ask(student, topic, shared=True, ta=ta)
        for person in (stranger, creator):
            requests.join(asked, person)
        blocks.block(ta, stranger)
        waiting = PlaceInLine.objects.waiting().order_by("pk")
        assert [place.person for place in waiting] == [student, creator]


def test_a_mail_of_time_too_soon_to_be_held_is_not_sent_over_a_block(
    ta, topic, student, stranger, clock, post
):
    session = open_time(ta, topic, end="13:30")
    taken = book(stranger, slots_of(session)[0])
    ask(student, topic)
    clock.move_to(session.starts_at - timedelta(minutes=80))
    bookings.cancel(taken, stranger, "ill")
    offers.match(taken.slot_id)
    blocks.block(student, ta)
    assert [mail for mail in post() if mail.to == [student.email]] == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_block_while_the_seat_is_matched_and_taken(ta, topic, make_user):
    people = [make_user(f"Student {number}") for number in range(4)]
    slot = open_slot(ta, topic, seats=2)
    days = {"from_day": when.today(), "to_day": when.today() + timedelta(days=13)}
    for person in people:
        requests.ask(person, topic, "Why?", **days)
    FreedSeat.objects.bulk_create(FreedSeat(slot=slot) for _seat in range(2))
    results = at_once(
        [
            partial(offers.match, slot.pk),
            partial(blocks.block, ta, people[0]),
            partial(blocks.block, people[1], ta),
            partial(offers.match, slot.pk),
        ]
    )
    assert [each for each in results if isinstance(each, Exception)] == []
    sweeps.offer()
    sweeps.offer()
    held = Offer.objects.open().order_by("student").values_list("student", flat=True)
    assert list(held) == [people[2].pk, people[3].pk]
    slot.refresh_from_db()
    assert (slot.held, slot.freed) == (2, 0)
