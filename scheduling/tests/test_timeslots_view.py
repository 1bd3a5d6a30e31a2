"""Every free time of one TA, by day."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Block
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.tests.own import unmarked
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


@pytest.fixture
def databases(ta):
    other = Topic.objects.create(name="ฐานข้อมูล", slug="databases")
    Registration.objects.create(user=ta, topic=other)
    return other


def page(client, ta, query="") -> str:
    response = client.get(f"/users/{ta.pk}/timeslots/{query}")
    assert response.status_code == 200
    return unmarked(response.content.decode())


def shown(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-slot-id="(\d+)"', html)]


def ids(*appointments) -> list[int]:
    return [slot.pk for each in appointments for slot in slots_of(each)]


def test_all_free_slots_to_the_horizon_in_order(client, ta, topic):
    far = open_time(ta, topic, day=when.today() + timedelta(days=29))
    beyond = open_time(ta, topic, day=when.today() + timedelta(days=31))
    near = open_time(ta, topic)
    html = page(client, ta)
    assert shown(html) == ids(near, far)
    assert not set(ids(beyond)) & set(shown(html))


def test_a_slot_leads_to_booking_it(client, ta, topic):
    slot = slots_of(open_time(ta, topic))[0]
    assert f'href="/bookings/new/?slot={slot.pk}"' in page(client, ta)
    linked = f'href="/bookings/new/?slot={slot.pk}&amp;topic={topic.slug}"'
    assert linked in page(client, ta, f"?topic={topic.slug}")


def test_of_one_topic_by_slug_or_id(client, ta, topic, databases):
    one = open_time(ta, topic, start="09:00", end="10:00")
    both = open_time(ta, topic, databases, start="10:00", end="11:00")
    other = open_time(ta, databases, start="11:00", end="12:00")
    assert shown(page(client, ta)) == ids(one, both, other)
    for handle in (databases.slug, databases.pk):
        assert shown(page(client, ta, f"?topic={handle}")) == ids(both, other)


def test_topics_of_the_ta_are_linked_and_the_current_one_marked(client, ta, topic, databases):
    html = page(client, ta, "?topic=databases")
    assert f'href="?topic={topic.slug}"' in html
    assert 'href="?topic=databases" aria-current="true">ฐานข้อมูล' in html


def test_days_are_headings(client, ta, topic):
    open_time(ta, topic)
    open_time(ta, topic, day=when.today() + timedelta(days=3))
    headings = re.findall(r"<h3>(\w+(?: \d+ \w+)?)", page(client, ta))
    assert headings == ["Tomorrow", "Thu 26 Nov"]


def test_from_starts_later(client, ta, topic):
    open_time(ta, topic)
    later = open_time(ta, topic, day=when.today() + timedelta(days=3))
    assert shown(page(client, ta, "?from=2026-11-26")) == ids(later)


@pytest.mark.parametrize(
    "start", ["", "abc", "2026-13-45", "2020-01-01", "%00", "0", "9999-12-31x"]
)
def test_garbage_or_a_past_day_is_today(client, ta, topic, start):
    session = open_time(ta, topic)
    assert shown(page(client, ta, f"?from={start}")) == ids(session)


def test_the_week_strip_marks_days_with_free_time(client, ta, topic):
    open_time(ta, topic)
    html = page(client, ta)
    assert re.search(r'href="\?from=2026-11-24" class="">', html)
    assert re.search(r'href="\?from=2026-11-25" class="none">', html)


def test_what_the_viewer_cannot_take_is_shown_disabled_with_the_reason(client, student, ta, topic):
    slots = slots_of(open_time(ta, topic, capacity=2))
    book(student, slots[1])
    html = page(client, ta)
    assert shown(html) == [slot.pk for slot in slots]
    chip = f'disabled data-slot-id="{slots[1].pk}">13:30<small>booked by you'
    assert chip in " ".join(html.split())


def test_a_booking_elsewhere_is_shown_as_busy(client, student, stranger, ta, topic):
    Registration.objects.create(user=stranger, topic=topic)
    book(student, slots_of(open_time(stranger, topic, start="13:15", end="13:45"))[0])
    open_time(ta, topic)
    assert page(client, ta).count("<small>you are busy") == 2


def test_a_blocked_ta_s_times_are_closed_without_saying_why(client, student, ta, topic):
    open_time(ta, topic)
    Block.objects.create(blocker=ta, blocked=student)
    html = page(client, ta)
    assert "You two can't make new bookings with each other." in html
    assert shown(html) == []


def test_a_taken_slot_is_not_shown(client, stranger, ta, topic):
    slots = slots_of(open_time(ta, topic))
    book(stranger, slots[0])
    assert shown(page(client, ta)) == [slot.pk for slot in slots[1:]]


def test_one_s_own_times_are_shown_and_not_for_oneself(sign_in, ta, topic):
    open_time(ta, topic)
    html = page(sign_in(ta), ta)
    assert "Your free times" in html
    assert html.count("<small>yours") == 4
    assert "/bookings/new/" not in html


def test_none_at_all_says_what_to_do(client, ta, sign_in):
    assert "No free time right now" in page(client, ta)
    assert "You have no free time open" in page(sign_in(ta), ta)


def test_none_from_that_day_on_leads_back_to_today(client, ta, topic):
    open_time(ta, topic)
    html = page(client, ta, "?from=2026-12-10")
    assert "No free time from this day on." in html
    assert 'class="btn" href="?"' in html


def test_an_online_room_is_not_given_away(client, ta, topic):
    open_time(ta, topic, location="https://meet.example.com/secret")
    assert "meet.example.com" not in page(client, ta)


@pytest.mark.parametrize("topic_handle", ["unknown", "999999", "0", "%00", "²", "a/b"])
def test_an_unknown_topic_is_not_found(client, ta, topic_handle):
    assert client.get(f"/users/{ta.pk}/timeslots/?topic={topic_handle}").status_code == 404


def test_an_unknown_or_suspended_person_is_not_found(client, ta):
    assert client.get("/users/999999/timeslots/").status_code == 404
    assert client.get("/users/abc/timeslots/").status_code == 404
    ta.is_active = False
    ta.save()
    assert client.get(f"/users/{ta.pk}/timeslots/").status_code == 404


def test_visitors_sign_in_first_and_nobody_posts(client, ta):
    path = f"/users/{ta.pk}/timeslots/"
    assert Client().get(path).url == f"/auth/login/?next={path}"
    assert client.post(path).status_code == 405


def test_many_slots_cost_as_many_queries_as_few(client, student, ta, topic):
    path = f"/users/{ta.pk}/timeslots/"

    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path).status_code == 200
        return len(caught)

    open_time(ta, topic, end="13:30")
    count()
    few = count()
    for days in (2, 3, 9):
        open_time(ta, topic, day=when.today() + timedelta(days=days))
    assert count() == few == 7
