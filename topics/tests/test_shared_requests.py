"""Asking for time from a topic's page, and joining those who wait already."""

import re
from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.services import requests
from scheduling.tests.factories import ask, book, open_time, slots_of
from scheduling.tests.reading import KEPT, QUESTION, queries, text
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def people(make_user):
    return [make_user(f"Student {number}") for number in range(5)]


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


@pytest.fixture
def path(topic):
    return topic.get_absolute_url()


def listed(response):
    return re.findall(r'data-request-id="(\d+)" data-waiting="(\d+)"', text(response))


def test_what_is_shared_is_shown_without_its_owner_and_can_be_joined(
    client, people, topic, path, clock
):
    few = ask(people[0], topic, "Theirs", shared=True)
    clock.shift(timedelta(minutes=1))
    many = ask(people[1], topic, QUESTION, shared=True)
    requests.join(many, people[2])
    response = client.get(path)
    assert listed(response) == [(str(many.pk), "2"), (str(few.pk), "1")]
    page = text(response)
    assert KEPT in page
    assert f'action="/requests/{many.pk}/join/"' in page
    for person in people:
        assert person.username not in page


def test_one_that_was_joined_says_so(client, student, people, topic, path):
    requests.join(asked := ask(people[0], topic, shared=True), student)
    page = text(client.get(path))
    assert "You wait too" in page
    assert f'href="/requests/{asked.pk}/"' in page
    assert "Me too" not in page


def test_what_is_not_for_the_viewer_is_not_there(client, student, ta, people, topic, path, clock):
    ask(student, topic, "My own", shared=True)
    ask(people[0], topic, "Not shared")
    Block.objects.create(blocker=student, blocked=people[1])
    ask(people[1], topic, "Blocked", shared=True)
    Block.objects.create(blocker=people[2], blocked=student)
    ask(people[2], topic, "Blocks", shared=True)
    requests.leave(ask(people[3], topic, "Left", shared=True), people[3])
    clock.shift(timedelta(minutes=1))
    ask(people[4], topic, "Today", shared=True, to_day=when.today())
    clock.shift(timedelta(days=1))
    assert listed(client.get(path)) == []


def test_three_are_shown_and_all_on_demand(client, people, topic, path):
    for person in people[:4]:
        ask(person, topic, shared=True)
    response = client.get(path)
    assert len(listed(response)) == 3
    assert f'href="{path}?requests=all#shared"' in text(response)
    response = client.get(f"{path}?requests=all")
    assert len(listed(response)) == 4
    assert "requests=all" not in text(response)


def test_one_costs_as_many_queries_as_three(client, people, topic, ta, path):
    ask(people[0], topic, shared=True)
    client.get(path)  # what is counted once for everybody
    one = queries(client, path)
    for person in people[1:3]:
        ask(person, topic, shared=True, ta=ta)
    assert queries(client, path) == one


class TestTheWayToAsk:
    def test_a_topic_without_time_leads_to_asking(self, client, topic, ta, path):
        assert f'href="/requests/new/?topic={topic.slug}"' in text(client.get(path))

    def test_a_filter_that_leaves_nothing_takes_what_was_looked_for_along(
        self, client, topic, ta, path
    ):
        open_time(ta, topic)
        page = text(client.get(f"{path}?part=evening&ta={ta.pk}&from=2026-11-24"))
        address = f"/requests/new/?topic={topic.slug}&amp;ta={ta.pk}&amp;part=evening"
        assert f'href="{address}&amp;from=2026-11-24"' in page

    def test_where_times_exist_that_don_t_suit_there_is_a_way_too(self, client, topic, ta, path):
        open_time(ta, topic)
        page = text(client.get(path))
        assert "None of these suits you?" in page
        assert f'href="/requests/new/?topic={topic.slug}"' in page

    def test_so_from_the_times_of_a_ta(self, client, topic, ta, sign_in):
        address = f"/users/{ta.pk}/timeslots/"
        assert f'href="/requests/new/?ta={ta.pk}"' in text(client.get(address))
        page = text(client.get(f"{address}?topic={topic.slug}&part=morning"))
        assert f"/requests/new/?topic={topic.slug}&amp;ta={ta.pk}&amp;part=morning" in page
        assert "/requests/new/" not in text(sign_in(ta).get(address))

    def test_a_full_time_leads_to_asking_with_what_was_typed(self, client, topic, ta, people):
        slot = slots_of(open_time(ta, topic, end="13:30"))[0]
        book(people[0], slot)
        page = text(client.get(f"/bookings/new/?slot={slot.pk}&topic={topic.slug}"))
        assert 'action="/requests/new/"' in page
        sent = {"slot": slot.pk, "topic": topic.pk, "question": QUESTION}
        response = client.post("/bookings/new/", sent)
        assert response.status_code == 409
        assert 'name="fill" value="1" formnovalidate formaction="/requests/new/"' in text(response)

    def test_no_time_helps_who_has_booked_as_much_as_may_be(
        self, client, student, topic, ta, settings
    ):
        settings.MAX_ACTIVE_BOOKINGS = 1
        slots = slots_of(open_time(ta, topic))
        book(student, slots[0])
        page = text(client.get(f"/bookings/new/?slot={slots[1].pk}&topic={topic.slug}"))
        assert "/requests/new/" not in page
