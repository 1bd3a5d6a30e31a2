"""What one waits for, and what a TA could answer: the tabs of requests."""

import re
from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.models import PlaceInLine
from scheduling.queries.waiting import people_before
from scheduling.services import requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, tomorrow
from scheduling.tests.reading import KEPT, QUESTION, queries, text
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")

MINE = "/bookings/?tab=requests"
BOARD = "/appointments/?tab=requests"


@pytest.fixture
def people(make_user):
    return [make_user(f"Student {number}") for number in range(4)]


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


def listed(page):
    return re.findall(r'data-request-id="(\d+)" data-waiting="(\d+)"', page)


class TestMine:
    def test_own_and_joined_ones_are_listed_with_the_place_in_line(
        self, client, student, people, topic, clock
    ):
        other = ask(people[0], topic, "Their question", shared=True)
        clock.shift(timedelta(minutes=1))
        requests.join(other, student)
        clock.shift(timedelta(minutes=1))
        own = ask(student, topic, QUESTION)
        page = text(client.get(MINE))
        assert listed(page) == [(str(other.pk), "2"), (str(own.pk), "1")]
        assert KEPT in page
        assert "asked by somebody else" in page
        assert page.count("1 person before you, by fairness.") == 2
        assert page.count("2nd") == 2
        assert "Student 0" not in page
        assert 'Requests <span class="badge">2</span>' in re.sub(r"\s+", " ", page)

    def test_a_live_offer_comes_first(self, client, student, ta, topic):
        asked = ask(student, topic)
        offer = hold(slots_of(open_time(ta, topic))[0], asked)
        page = text(client.get(MINE))
        assert page.index(f'data-offer-id="{offer.pk}"') < page.index("data-request-id")
        assert "Held for you until <b>11:00</b>" in page
        assert "A time is held for you: see above." in page

    def test_one_that_ran_out_is_no_offer_any_more(self, client, student, ta, topic, clock):
        offer = hold(slots_of(open_time(ta, topic))[0], ask(student, topic))
        clock.move_to(offer.expires_at)
        assert "data-offer-id" not in text(client.get(MINE))

    def test_what_ended_is_told_with_why_latest_first(self, client, student, topic, clock):
        first, second = ask(student, topic, "One"), ask(student, topic, "Two")
        requests.close(second, student, solved=True)
        clock.shift(timedelta(minutes=1))
        requests.leave(first, student)
        page = text(client.get(MINE))
        assert listed(page) == [(str(first.pk), "0"), (str(second.pk), "0")]
        assert "You said that it is solved." in page
        assert "You no longer wait for this." in page

    def test_ended_ones_are_twelve_a_page_and_the_rest_stands_on_the_first(
        self, client, student, topic, settings
    ):
        settings.REQUESTS_A_DAY = 100
        for number in range(13):
            requests.leave(ask(student, topic, f"Question {number}"), student)
        ask(student, topic, "The last")
        assert len(listed(text(client.get(MINE)))) == 13
        assert len(listed(text(client.get(f"{MINE}&page=2")))) == 1
        assert client.get(f"{MINE}&page=3").status_code == 404

    def test_with_nothing_there_is_a_way_to_ask(self, client):
        page = text(client.get(MINE))
        assert "You wait for nothing" in page
        assert 'href="/requests/new/"' in page

    def test_one_costs_as_many_queries_as_three(self, client, student, people, topic, settings):
        settings.MAX_REQUESTS = 10
        ask(student, topic, "One")
        requests.leave(ask(student, topic, "Ended"), student)
        one = queries(client, MINE)
        for number, person in enumerate(people):
            ask(person, topic, "Theirs")
            ask(student, topic, f"More {number}")
            requests.leave(ask(student, topic, f"Ended {number}"), student)
        assert queries(client, MINE) == one


class TestTheLine:
    def test_who_had_less_help_lately_is_before_who_asked_earlier(
        self, student, people, ta, topic, second_topic, clock
    ):
        book(student, slots_of(open_time(ta, second_topic))[0], second_topic)
        ask(student, topic)
        clock.shift(timedelta(minutes=1))
        ask(people[0], topic)
        own, other = PlaceInLine.objects.waiting().select_related("request").order_by("pk")
        assert people_before([own, other], when.local(own.created_at)) == {own.pk: 1, other.pk: 0}

    @pytest.mark.parametrize(
        "wish",
        [
            {"parts": ["morning"]},
            {"from_day": "later"},
            {"ta": "other"},
            {"topic": "other"},
            {"person": "same"},
            {"person": "suspended"},
            {"ended": True},
        ],
        ids=str,
    )
    def test_who_waits_for_something_else_is_not_before_me(
        self, student, people, ta, other_ta, topic, second_topic, clock, wish
    ):
        person = student if wish.get("person") == "same" else people[0]
        days = {}
        if "from_day" in wish:
            days = {"from_day": tomorrow() + timedelta(days=9), "to_day": tomorrow() + timedelta(9)}
        other = ask(
            person, second_topic if "topic" in wish else topic, "First",
            parts=wish.get("parts", ()), ta=other_ta if "ta" in wish else None, **days,
        )  # fmt: skip
        if "ended" in wish:
            requests.leave(other, person)
        if wish.get("person") == "suspended":
            type(person).objects.filter(pk=person.pk).update(is_active=False)
        clock.shift(timedelta(minutes=1))
        own = ask(student, topic, "Mine", parts=["evening"], ta=ta, to_day=tomorrow())
        place = PlaceInLine.objects.select_related("request").get(request=own)
        assert people_before([place], place.created_at) == {place.pk: 0}

    def test_a_person_with_two_places_is_one_person(self, student, people, topic, clock):
        ask(people[0], topic, "One")
        ask(people[0], topic, "Two")
        clock.shift(timedelta(minutes=1))
        place = PlaceInLine.objects.select_related("request").get(request=ask(student, topic))
        assert people_before([place], place.created_at) == {place.pk: 1}

    @pytest.mark.parametrize(
        ("before", "words"), [(0, "1st"), (2, "3rd"), (10, "11th"), (21, "22nd"), (12, "13th")]
    )
    def test_places_are_counted_as_english_does(self, before, words):
        from scheduling.views.contexts.requests import ordinal

        assert ordinal(before + 1) == words


class TestTheBoard:
    @pytest.fixture
    def ta_board(self, ta_client):
        return lambda page="": text(ta_client.get(BOARD + page))

    def test_it_shows_questions_and_numbers_most_first_and_no_names(
        self, ta_board, student, people, topic, clock
    ):
        few = ask(people[0], topic, "Theirs")
        clock.shift(timedelta(minutes=1))
        many = ask(student, topic, QUESTION, shared=True, parts=["evening", "morning"])
        requests.join(many, people[1])
        page = ta_board()
        assert listed(page) == [(str(many.pk), "2"), (str(few.pk), "1")]
        assert KEPT in page
        assert "until Sun 6 Dec · morning, evening" in page
        assert f'href="/appointments/new/?request={many.pk}"' in page
        for person in (student, *people):
            assert person.username not in page

    def test_it_has_what_this_ta_could_answer_alone(
        self, ta_board, ta, other_ta, student, people, topic
    ):
        other = Topic.objects.create(name="Databases", slug="databases")
        Registration.objects.create(user=ta, topic=other, status="pending")
        ask(people[0], other)
        ask(people[1], topic, ta=other_ta)
        ask(ta, topic)
        ask(people[2], topic)
        Block.objects.create(blocker=people[2], blocked=ta)
        requests.leave(gone := ask(people[3], topic), people[3])
        named = ask(student, topic, ta=ta)
        assert gone != named
        assert [pk for pk, _waiting in listed(ta_board())] == [str(named.pk)]

    def test_twelve_a_page(self, ta_board, make_user, topic, ta_client):
        for number in range(13):
            ask(make_user(f"Asker {number}"), topic)
        assert len(listed(ta_board())) == 12
        assert len(listed(ta_board("&page=2"))) == 1
        assert ta_client.get(f"{BOARD}&page=3").status_code == 404

    def test_the_tab_counts_them_on_every_tab(self, ta_client, topic, people):
        ask(people[0], topic)
        for tab in ("upcoming", "requests", "completed"):
            page = re.sub(r"\s+", " ", text(ta_client.get(f"/appointments/?tab={tab}")))
            assert 'Requests <span class="badge">1</span>' in page

    def test_one_costs_as_many_queries_as_three(self, ta_client, people, topic, ta):
        ask(people[0], topic)
        one = queries(ta_client, BOARD)
        for person in people[1:]:
            ask(person, topic, ta=ta)
        assert queries(ta_client, BOARD) == one

    def test_with_nothing_it_says_so(self, ta_board):
        assert "Nobody waits on your topics" in ta_board()

    def test_who_teaches_nothing_learns_how_to(self, client, people, topic):
        ask(people[0], topic)
        page = text(client.get(BOARD))
        assert listed(page) == []
        assert "TA sessions are given by TAs" in page
