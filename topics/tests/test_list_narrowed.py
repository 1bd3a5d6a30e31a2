"""Topics that have the time one wants: the part of the day, the place, the day."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")

ROOM = "https://meet.example.com/seta"


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


@pytest.fixture
def teach(creator, make_user):
    """``teach("SQL", day=…, start=…)``: a topic with a TA of its own and an hour of free time."""

    def make(name, **time) -> Topic:
        topic = Topic.objects.create(name=name, creator=creator)
        ta = make_user(f"TA of {name}", year=4)
        Registration.objects.create(user=ta, topic=topic, status="approved")
        if time:
            open_time(ta, topic, **time)
        return topic

    return make


@pytest.fixture
def topics(teach):
    """Of this evening online, tomorrow evening on campus, tomorrow morning, and of no time."""
    today, tomorrow = when.today(), when.today() + timedelta(days=1)
    teach("Tonight", day=today, start="18:00", end="19:00", location=ROOM)
    teach("Evening", day=tomorrow, start="18:00", end="19:00")
    teach("Morning", day=tomorrow, start="09:00", end="10:00", location=ROOM)
    teach("Never")


def found(response) -> list[tuple[str, str]]:
    """The names of the topics, each with its next time."""
    assert response.status_code == 200
    return [
        (topic.name, when.soon(counted.free.next_at))
        for topic, counted in response.context["tiles"]
    ]


TONIGHT, EVENING = ("Tonight", "today 18:00"), ("Evening", "tomorrow 18:00")
MORNING = ("Morning", "tomorrow 09:00")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"part": "evening"}, [TONIGHT, EVENING]),
        ({"place": "online"}, [TONIGHT, MORNING]),
        ({"place": "campus"}, [EVENING]),
        ({"part": "evening", "place": "online"}, [TONIGHT]),
        ({"part": "afternoon"}, []),
        ({"from": "2026-11-23"}, [TONIGHT, MORNING, EVENING]),
        ({"from": "2026-11-24"}, [MORNING, EVENING]),
        ({"from": "2026-11-24", "part": "evening"}, [EVENING]),
        ({"from": "2026-11-25"}, []),
        ({"from": "2020-01-01"}, [TONIGHT, MORNING, EVENING]),
        ({"part": "evening", "q": "eve"}, [EVENING]),
        ({"part": "morning", "q": "eve"}, []),
    ],
)
def test_only_topics_with_such_times_are_listed_with_the_next_of_them(client, topics, asked, names):
    assert found(client.get("/topics/", asked)) == names


def test_those_of_the_day_come_first_whatever_the_search_finds_better(client, topics, teach):
    teach("Even better", day=when.today(), start="20:00", end="21:00")
    response = client.get("/topics/", {"q": "ve", "from": "2026-11-23"})
    assert [name for name, _next in found(response)] == ["Even better", "Evening"]


@pytest.mark.parametrize(
    "asked", [{"part": "night"}, {"place": "moon"}, {"from": "soon"}, {"from": "2026-11-32"}]
)
def test_what_is_unknown_narrows_nothing(client, topics, asked):
    response = client.get("/topics/", asked)
    assert [topic.name for topic, _counts in response.context["tiles"]] == [
        "Evening",
        "Morning",
        "Never",
        "Tonight",
    ]


def test_a_year_of_another_era_is_refused_in_words(client, topics):
    page = client.get("/topics/?from=2569-11-27").content.decode()
    assert "2569 is 2026: type the year as 2026." in page


def test_a_booked_time_is_none(client, topics, student, stranger):
    tonight = Topic.objects.get(name="Tonight")
    first, second = slots_of(tonight.appointments.get())
    book(student, first, tonight)
    assert found(client.get("/topics/?part=evening")) == [("Tonight", "today 18:30"), EVENING]
    book(stranger, second, tonight)
    assert found(client.get("/topics/?part=evening")) == [EVENING]


def test_the_choice_goes_along_into_the_topic_and_to_people_found(client, topics):
    page = client.get("/topics/?q=tonight&part=evening&place=online&from=2026-11-23")
    html = page.content.decode()
    kept = "?part=evening&amp;place=online&amp;from=2026-11-23"
    assert f'href="/topics/tonight/{kept}"' in html
    ta = page.context["people"][0]
    assert f'href="/users/{ta.pk}/timeslots/{kept}"' in html


def test_chips_keep_the_search_and_the_search_keeps_the_chips(client, topics):
    html = client.get("/topics/?q=n&limit=24&part=evening").content.decode()
    assert 'href="?q=n&amp;limit=24&amp;part=evening&amp;place=online"' in html
    assert 'href="?q=n&amp;limit=24"' in html  # takes the evening off
    hidden = re.findall(
        r'<input type="hidden" name="(\w+)" value="(\w+)" form="topic-search">', html
    )
    assert hidden == [("part", "evening")]


def test_an_empty_day_is_said_before_the_next_times(client, topics):
    said = "Today: nothing free that fits. The next:"
    html = client.get("/topics/?from=2026-11-23&part=morning").content.decode()
    assert said in html
    assert 'href="/requests/new/?part=morning&amp;from=2026-11-23"' in html
    assert said not in client.get("/topics/?from=2026-11-23").content.decode()
    assert said not in client.get("/topics/?part=morning").content.decode()


def test_nothing_left_offers_to_take_it_off_and_to_ask(client, topics):
    html = client.get("/topics/?q=n&part=afternoon").content.decode()
    assert "No free time fits" in html
    assert 'href="/requests/new/?part=afternoon"' in html
    assert 'href="?q=n"' in html


def test_the_second_page_goes_on(client, topics):
    assert found(client.get("/topics/?from=2026-11-23&limit=2&page=2")) == [EVENING]
    assert client.get("/topics/?from=2026-11-23&limit=2&page=3").status_code == 404


def test_one_topic_costs_as_many_queries_as_three(client, topics, teach):
    counted = []
    for names in (("Another", "One"), ()):
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/topics/?from=2026-11-24&q=n&place=online").status_code == 200
        counted.append(len(caught))
        for name in names:
            day = when.today() + timedelta(days=2)
            teach(name, day=day, start="09:00", end="10:00", location=ROOM)
    assert counted[0] == counted[1]


def test_htmx_gets_the_list_alone_and_typing_is_one_step_back(client, topics):
    typed = client.get("/topics/?q=n&part=evening", headers={"HX-Request": "true"})
    assert "<html" not in typed.content.decode()
    assert typed.headers["HX-Push-Url"] == "/topics/?q=n&part=evening"
    tapped = client.get(
        "/topics/?part=evening", headers={"HX-Request": "true", "HX-Boosted": "true"}
    )
    assert "HX-Push-Url" not in tapped.headers  # htmx does it for links


@pytest.mark.parametrize(
    ("name", "value"),
    [("from", "2026-11-23"), ("from", "2026-11-24"), ("part", "evening"), ("place", "online")],
)
def test_the_start_page_sends_what_is_wanted_with_what_is_typed(client, topics, name, value):
    html = client.get("/").content.decode()
    assert f'<button class="pick" type="submit" name="{name}" value="{value}">' in html


class TestOneTopic:
    def test_a_day_without_times_is_said(self, client, topics):
        html = client.get("/topics/evening/").content.decode()
        assert "Today: no free time. The next:" in html
        html = client.get("/topics/evening/?part=evening&from=2026-11-23").content.decode()
        assert "Today: nothing free that fits. The next:" in html
        ask = "/requests/new/?topic=evening&amp;part=evening&amp;from=2026-11-23"
        assert html.count(f'href="{ask}"') == 2  # beside that, and below the times

    def test_a_day_with_times_is_not(self, client, topics):
        assert "The next:" not in client.get("/topics/tonight/?part=evening").content.decode()

    def test_neither_on_the_page_of_a_ta(self, client, topics):
        ta = Registration.objects.get(topic__slug="evening").user
        said = "Today: no free time. The next:"
        assert said in client.get(f"/users/{ta.pk}/timeslots/").content.decode()
        later = client.get(f"/users/{ta.pk}/timeslots/?from=2026-11-24").content.decode()
        assert "The next:" not in later
