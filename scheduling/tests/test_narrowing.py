"""Free times narrowed by the part of the day, the place, the TA and the day."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import Appointment, NothingFree, Part, Place, TimeSlot
from scheduling.tests.factories import open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration

pytestmark = pytest.mark.usefixtures("clock")

ROOM = "https://meet.example.com/seta"


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


@pytest.fixture
def morning(ta, topic):
    """On campus, its last time the half hour before noon."""
    return open_time(ta, topic, start="11:00", end="12:00")


@pytest.fixture
def noon(ta, topic):
    """Online, from noon on."""
    return open_time(ta, topic, start="12:00", end="13:00", location=ROOM)


@pytest.fixture
def evening(other_ta, topic):
    """Another TA's, online, from the last half hour of the afternoon on."""
    return open_time(other_ta, topic, start="16:30", end="17:30", location=ROOM)


def ids(*sessions) -> list[int]:
    return [slot.pk for each in sessions for slot in slots_of(each)]


def shown(client, path, **asked) -> list[int]:
    response = client.get(path, asked)
    assert response.status_code == 200
    return [int(pk) for pk in re.findall(r'data-slot-id="(\d+)"', response.content.decode())]


class TestOfATopic:
    PATH = "/topics/data-structures/"

    def test_part_is_that_of_the_start_in_the_facultys_zone(self, client, morning, noon, evening):
        last, first = slots_of(evening)
        assert shown(client, self.PATH, part="morning") == ids(morning)
        assert shown(client, self.PATH, part="afternoon") == [*ids(noon), last.pk]
        assert shown(client, self.PATH, part="evening") == [first.pk]

    def test_place_is_online_or_on_campus(self, client, morning, noon, evening):
        assert shown(client, self.PATH, place="online") == ids(noon, evening)
        assert shown(client, self.PATH, place="campus") == ids(morning)

    def test_ta_is_one_of_the_topics(self, client, morning, noon, evening, ta, other_ta):
        assert shown(client, self.PATH, ta=other_ta.pk) == ids(evening)
        assert shown(client, self.PATH, ta=ta.pk) == ids(morning, noon)

    def test_all_at_once_and_from_a_day_on(self, client, morning, noon, ta, topic):
        later = open_time(
            ta, topic, day=when.today() + timedelta(days=4), start="12:00", location=ROOM
        )
        asked = {"part": "afternoon", "place": "online", "ta": ta.pk}
        assert shown(client, self.PATH, **asked) == ids(noon, later)
        assert shown(client, self.PATH, **asked, **{"from": "2026-11-25"}) == ids(later)

    @pytest.mark.parametrize(
        "asked",
        [
            {"part": "night"},
            {"part": ""},
            {"part": "Morning"},
            {"part": "\0"},
            {"place": "moon"},
            {"place": "%"},
            {"ta": "999999"},
            {"ta": "abc"},
            {"ta": "-1"},
            {"ta": "9" * 30},
            {"ta": "0"},
        ],
        ids=str,
    )
    def test_unknown_values_are_left_out(self, client, morning, evening, asked):
        assert shown(client, self.PATH, **asked) == ids(morning, evening)

    def test_who_does_not_teach_it_or_waits_to_is_left_out(self, client, morning, topic, stranger):
        assert shown(client, self.PATH, ta=stranger.pk) == ids(morning)
        Registration.objects.create(user=stranger, topic=topic, status="pending")
        assert shown(client, self.PATH, ta=stranger.pk) == ids(morning)

    def test_a_ta_far_down_the_list_can_be_chosen(self, client, make_user, topic, morning):
        for number in range(25):
            Registration.objects.create(user=make_user(f"A{number:02}"), topic=topic)
        last = make_user("Zoe")
        Registration.objects.create(user=last, topic=topic)
        own = open_time(last, topic, start="18:00", end="19:00")
        response = client.get(self.PATH, {"ta": last.pk})
        assert response.context["tas"][0][0] == last
        assert shown(client, self.PATH, ta=last.pk) == ids(own)

    def test_the_strip_marks_what_is_left(self, client, morning, evening, other_ta, topic):
        open_time(other_ta, topic, day=when.today() + timedelta(days=3), start="18:00", end="19:00")
        strip = client.get(self.PATH, {"part": "evening"}).context["strip"]
        assert [day.day.day for day in strip.days if day.free] == [24, 26]
        strip = client.get(self.PATH, {"part": "morning"}).context["strip"]
        assert [day.day.day for day in strip.days if day.free] == [24]

    def test_nothing_left_says_so_and_takes_them_off(self, client, morning):
        html = client.get(self.PATH, {"part": "evening", "from": "2026-11-24"}).content.decode()
        assert "No free time fits these filters from this day on." in html
        assert re.search(
            r'href="/topics/data-structures/\?from=2026-11-24">.*?Take the', html, re.S
        )
        assert 'href="/topics/data-structures/?part=evening">Start from today' in html

    def test_nothing_left_is_not_nothing_free(self, client, morning):
        client.get(self.PATH, {"part": "evening"})
        assert not NothingFree.objects.exists()

    def test_chips_are_links_that_keep_the_rest(self, client, morning, noon, evening, other_ta):
        asked = {"place": "online", "from": "2026-11-24"}
        html = " ".join(client.get(self.PATH, asked).content.decode().split())
        where = f"{self.PATH}?place=online&amp;from=2026-11-24"
        assert f'href="{where}&amp;part=morning"' in html
        assert f'href="{where}&amp;ta={other_ta.pk}"' in html
        assert f'href="{self.PATH}?from=2026-11-24" aria-current="true"' in html

    def test_htmx_gets_the_times_alone(self, client, morning, evening):
        asked = {"part": "morning"}
        response = client.get(self.PATH, asked, headers={"HX-Request": "true"})
        html = response.content.decode()
        assert "<html" not in html
        assert 'id="times"' in html
        assert shown(client, self.PATH, **asked) == ids(morning)
        assert "HX-Request" in response.headers["Vary"]

    def test_filters_cost_one_query_for_the_days_of_the_strip(
        self, client, morning, noon, evening, ta
    ):
        def count(**asked) -> int:
            client.get(self.PATH, asked)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(self.PATH, asked).status_code == 200
            return len(caught)

        assert count(part="afternoon", place="online", ta=ta.pk) == count() + 1


class TestOfATa:
    @pytest.fixture
    def path(self, ta):
        return f"/users/{ta.pk}/timeslots/"

    def test_part_and_place(self, client, path, morning, noon):
        assert shown(client, path, part="morning") == ids(morning)
        assert shown(client, path, place="online") == ids(noon)
        assert shown(client, path, place="online", part="morning") == []
        assert shown(client, path, part="x", place="x") == ids(morning, noon)

    def test_with_a_topic(self, client, path, morning, noon, topic):
        assert shown(client, path, topic=topic.slug, place="campus") == ids(morning)

    def test_nothing_left_says_so_and_takes_them_off(self, client, path, morning):
        html = client.get(path, {"part": "evening", "topic": "data-structures"}).content.decode()
        assert "No free time fits these filters from this day on." in html
        assert re.search(r'href="\?topic=data-structures">.*?Take the filters off', html, re.S)

    def test_htmx_gets_the_times_alone(self, client, path, morning):
        html = client.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in html
        assert 'id="times"' in html

    def test_filters_cost_no_query_more(self, client, path, morning, noon):
        def count(**asked) -> int:
            client.get(path, asked)
            with CaptureQueriesContext(connection) as caught:
                client.get(path, asked)
            return len(caught)

        assert count() == count(part="morning", place="campus")


class TestTheStrip:
    def test_is_the_next_seven_days(self, client, ta, morning):
        strip = client.get(f"/users/{ta.pk}/timeslots/").context["strip"]
        assert [day.day.day for day in strip.days] == [23, 24, 25, 26, 27, 28, 29]
        assert (strip.earlier, strip.later) == (None, when.today() + timedelta(days=7))

    def test_stays_for_its_days_and_is_followed_by_the_next_seven(self, client, ta, clock, morning):
        clock.shift(timedelta(days=1))  # a Tuesday: it begins with today, not with a Monday
        today = when.today()
        for ahead in (0, 6, 7, 13):
            asked = {"from": (today + timedelta(days=ahead)).isoformat()}
            strip = client.get(f"/users/{ta.pk}/timeslots/", asked).context["strip"]
            assert strip.days[0].day == today + timedelta(days=ahead // 7 * 7)
            assert strip.days[ahead % 7].current

    def test_ends_with_the_horizon(self, client, ta, morning):
        path = f"/users/{ta.pk}/timeslots/?from=2026-12-23"
        strip = client.get(path).context["strip"]
        assert [day.beyond for day in strip.days] == [False] * 3 + [True] * 4
        assert strip.later is None
        assert 'href="?from=2026-12-24"' not in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("location", "online"),
    [
        (ROOM, True),
        ("HTTP://MEET.EXAMPLE.COM/X", True),
        ("Zoom: zoom.us/j/1", True),
        ("www.example.com", True),
        ("Room 504 (www.example.com)", True),
        ("meet.kmitl.ac.th/x", True),
        ("Room 504", False),
        ("ห้อง 504", False),
        ("awww.", False),
        ("Building E12.app", False),
    ],
)
def test_the_database_finds_online_what_the_pages_call_so(ta, topic, location, online):
    session = open_time(ta, topic, end="13:30", location=location)
    assert Appointment(location=location).is_online is online
    assert TimeSlot.objects.at(Place.ONLINE).exists() is online
    assert TimeSlot.objects.at(Place.CAMPUS).exists() is not online
    assert session.is_online is online


def test_every_hour_belongs_to_one_part():
    hours = [hour for part in Part for hour in range(*part.hours)]
    assert hours == list(range(24))
