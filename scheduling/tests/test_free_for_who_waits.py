"""Who waits is shown the free times that fit, one tap away, and is told the limit before typing."""

from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.models import FreedSeat
from scheduling.services import requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, tomorrow
from scheduling.tests.reading import KEPT, QUESTION, queries, text
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")

MINE = "/bookings/?tab=requests"
DAY = timedelta(days=1)


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


@pytest.fixture
def opened(ta, topic):
    """Time of the TA; nobody is offered it, since whoever waits asks only afterwards."""

    def made(**shape):
        return slots_of(open_time(ta, topic, **{"end": "13:30", **shape}))

    return made


def shown(client, slot, path=MINE):
    return f'data-slot-id="{slot.pk}"' in text(client.get(path))


class TestFreeTimes:
    def test_stand_on_the_card_and_on_the_request_s_page(self, client, student, topic, opened):
        [slot] = opened()
        asked = ask(student, topic)
        for path in (MINE, asked.get_absolute_url()):
            page = text(client.get(path))
            assert "Free right now:" in page
            assert f'href="/bookings/new/?slot={slot.pk}&amp;topic={topic.slug}"' in page

    def test_one_tap_leads_to_the_form_with_the_question(self, client, student, topic, opened):
        [slot] = opened()
        ask(student, topic, QUESTION)
        page = text(client.get(f"/bookings/new/?slot={slot.pk}&topic={topic.slug}"))
        assert KEPT in page

    def test_of_what_was_joined_it_brings_the_question_too(
        self, client, student, stranger, topic, opened
    ):
        [slot] = opened()
        requests.join(ask(stranger, topic, QUESTION, shared=True), student)
        assert KEPT in text(client.get(f"/bookings/new/?slot={slot.pk}&topic={topic.slug}"))

    def test_who_waits_for_nothing_writes_it_anew(self, client, stranger, topic, opened):
        [slot] = opened()
        ask(stranger, topic, QUESTION)
        assert KEPT not in text(client.get(f"/bookings/new/?slot={slot.pk}&topic={topic.slug}"))

    @pytest.mark.parametrize(
        "wish", [{"parts": ["morning"]}, {"to_day": "today"}, {"ta": "other"}], ids=str
    )
    def test_that_do_not_fit_are_not_shown(self, client, student, topic, opened, make_user, wish):
        [slot] = opened()
        if "ta" in wish:
            other = make_user("Other TA")
            Registration.objects.create(user=other, topic=topic)
            wish = {"ta": other}
        if "to_day" in wish:
            wish = {"to_day": tomorrow() - DAY}
        ask(student, topic, **wish)
        assert not shown(client, slot)

    def test_that_one_can_not_take_are_not_shown(
        self, client, student, topic, second_topic, ta, opened, make_user
    ):
        [slot] = opened()
        ask(student, topic)
        assert shown(client, slot)
        block = Block.objects.create(blocker=ta, blocked=student)
        assert not shown(client, slot)
        block.delete()
        other = make_user("Other TA")
        Registration.objects.create(user=other, topic=second_topic)
        book(student, slots_of(open_time(other, second_topic, end="13:30"))[0])
        assert not shown(client, slot)

    def test_that_are_to_be_matched_first_are_not_shown(
        self, client, student, topic, opened, clock
    ):
        [slot] = opened()
        ask(student, topic)
        FreedSeat.objects.create(slot=slot)
        assert not shown(client, slot)

    def test_are_three_at_most_the_soonest_first(self, client, student, topic, opened):
        slots = opened(end="15:30")
        ask(student, topic)
        assert [shown(client, slot) for slot in slots] == [True] * 3 + [False] * 2

    def test_cost_the_same_for_one_place_as_for_three(self, client, student, topic, opened):
        opened(end="15:30")
        ask(student, topic, "One")
        one = queries(client, MINE)
        ask(student, topic, "Two")
        ask(student, topic, "Three", parts=["afternoon"])
        assert queries(client, MINE) == one


def test_the_limit_is_told_before_anything_is_typed(client, student, topic, settings):
    settings.MAX_REQUESTS = 1
    new = f"/requests/new/?topic={topic.slug}"
    assert "which is the most at once" not in text(client.get(new))
    ask(student, topic)
    response = client.get(new)
    page = text(response)
    assert response.status_code == 200
    assert "You have 1 place in line, which is the most at once. Leave one first." in page
    assert f'href="{MINE}"' in page


class TestWhoMayBookNothingNow:
    """Reads that the line passes them by, rather than wait for nothing."""

    PASSED = "what comes up is offered to the next in line. You keep your place."

    @pytest.fixture
    def booked(self, student, ta, creator, settings):
        """The student books as much as there may be, of another topic."""

        def book_one():
            settings.MAX_ACTIVE_BOOKINGS = 1
            other = Topic.objects.create(name="Logic", slug="logic", creator=creator)
            Registration.objects.create(user=ta, topic=other)
            book(student, slots_of(open_time(ta, other, start="16:00", end="16:30"))[0])

        return book_one

    def test_reads_it_on_the_list_and_on_the_request_s_page(self, client, student, topic, booked):
        asked = ask(student, topic)
        for path in (MINE, asked.get_absolute_url()):
            assert self.PASSED not in text(client.get(path))
        booked()
        for path in (MINE, asked.get_absolute_url()):
            page = text(client.get(path))
            assert "You have 1 upcoming booking, the most you can have at once." in page
            assert self.PASSED in page

    def test_reads_nothing_of_it_while_a_time_is_held(self, client, student, topic, opened, booked):
        [slot] = opened()
        hold(slot, ask(student, topic))
        booked()
        assert self.PASSED not in text(client.get(MINE))
