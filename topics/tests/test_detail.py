import re
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Block
from scheduling.models import Appointment, TimeSlot
from scheduling.services import bookings
from setahub.core import clock as when
from setahub.tests.own import unmarked
from topics.models import Registration, Topic
from topics.services import archive_topic, create_topic
from topics.views.contexts import detail as contexts

PATH = "/topics/data-structures/"


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


def slot_ids(response):
    return [int(pk) for pk in re.findall(r'data-slot-id="(\d+)"', response.content.decode())]


def shown_times(response):
    """The clock times of the slots, by day."""
    return {
        day.day.isoformat(): [
            when.time_of_day(chip.slot.starts_at) for group in day.groups for chip in group.chips
        ]
        for day in response.context["days"]
    }


def tas(response):
    return [(ta.username, free and when.soon(free.next_at), given) for ta, free, given, _ in (
        response.context["tas"]
    )]  # fmt: skip


# --- Who sees it


def test_a_visitor_signs_in_first(topic):
    assert Client().get(PATH).url == f"/auth/login/?next={PATH}"


@pytest.mark.parametrize("slug", ["nothing", "1", "DATA-STRUCTURES", "x" * 300])
def test_an_unknown_topic_is_not_found(client, topic, slug):
    assert client.get(f"/topics/{slug}/").status_code == 404


def test_only_reading_is_allowed(client, topic):
    assert client.post(PATH).status_code == 405


def test_it_shows_name_description_and_the_way_back(client, topic):
    Topic.objects.update(description="Lists <b>\nand trees")
    html = unmarked(client.get(PATH).content.decode())
    assert "<h1>Data Structures</h1>" in html
    assert "Lists &lt;b&gt;\nand trees" in html
    assert '<a href="/topics/">Topics</a>' in html


@pytest.mark.parametrize(
    ("person", "links"),
    [("creator", True), ("staff", True), ("ta", False), ("stranger", False), ("student", False)],
)
def test_the_creator_and_staff_alone_see_how_to_change_it(request, sign_in, topic, person, links):
    html = unmarked(sign_in(request.getfixturevalue(person)).get(PATH).content.decode())
    assert (f'href="{PATH}edit/"' in html) is links
    assert (f'href="{PATH}delete/"' in html) is links


# --- Free times


def test_free_slots_of_any_ta_are_shown_by_day_and_can_be_booked(
    clock, client, topic, ta, make_user, open_time
):
    other = make_user("Anan")
    Registration.objects.create(user=other, topic=topic)
    open_time(ta, topic)
    open_time(other, topic, days=1, start=18, end=19)
    open_time(ta, topic, days=4, start=9, end=10)
    response = client.get(PATH)
    assert shown_times(response) == {
        "2026-11-24": ["13:00", "13:30", "14:00", "14:30", "18:00", "18:30"],
        "2026-11-27": ["09:00", "09:30"],
    }
    first = TimeSlot.objects.order_by("starts_at")[0]
    html = unmarked(response.content.decode())
    assert f'href="/bookings/new/?slot={first.pk}&amp;topic=data-structures"' in html
    assert slot_ids(response) == list(
        TimeSlot.objects.order_by("starts_at").values_list("pk", flat=True)
    )


def test_what_is_not_free_is_not_shown(clock, client, topic, ta, student, stranger, open_time):
    slots = list(open_time(ta, topic).slots.order_by("starts_at"))
    bookings.book(stranger, slots[0].pk, topic, "Why?")
    assert slot_ids(client.get(PATH)) == [slot.pk for slot in slots[1:]]


def test_slots_for_another_topic_of_the_ta_are_not_shown(clock, client, topic, ta, open_time):
    other = create_topic(ta, "Trees")
    Registration.objects.create(user=ta, topic=other)
    open_time(ta, other)
    assert slot_ids(client.get(PATH)) == []


def test_the_viewers_own_clashes_are_shown_but_can_t_be_chosen(
    clock, client, topic, ta, student, open_time
):
    slots = list(open_time(ta, topic).slots.order_by("starts_at"))
    Block.objects.create(blocker=ta, blocked=student)
    html = unmarked(client.get(PATH).content.decode())
    assert html.count("not open to you") == 4
    assert f"/bookings/new/?slot={slots[0].pk}" not in html


def test_a_ta_sees_their_own_slots_as_theirs(clock, topic, ta, sign_in, open_time):
    open_time(ta, topic)
    assert sign_in(ta).get(PATH).content.decode().count("yours") == 4


@pytest.mark.parametrize(
    ("start", "days"),
    [
        ("", ["2026-11-24", "2026-11-27"]),
        ("2026-11-25", ["2026-11-27"]),
        ("2026-11-27", ["2026-11-27"]),
        ("2026-11-28", []),
        ("2020-01-01", ["2026-11-24", "2026-11-27"]),
        ("9999-12-31", ["2026-11-24", "2026-11-27"]),
        ("garbage", ["2026-11-24", "2026-11-27"]),
        ("\0", ["2026-11-24", "2026-11-27"]),
    ],
)
def test_one_moves_through_the_days(clock, client, topic, ta, open_time, start, days):
    open_time(ta, topic)
    open_time(ta, topic, days=4)
    response = client.get(PATH, {"from": start})
    assert response.status_code == 200
    assert list(shown_times(response)) == days


def test_after_the_last_time_the_next_one_is_a_click_away(clock, client, topic, ta, open_time):
    open_time(ta, topic)
    html = unmarked(client.get(PATH, {"from": "2026-11-28"}).content.decode())
    assert "No free time from this day on." in html
    assert f'href="{PATH}">Go to the next one: tomorrow 13:00' in html


def test_at_most_forty_are_shown_and_more_are_announced(clock, client, topic, ta):
    day = when.at(when.today() + timedelta(days=1), time(8))
    made = Appointment.objects.create(
        ta=ta, starts_at=day, ends_at=day + timedelta(hours=8), slot_minutes=15, location="R"
    )
    made.topics.add(topic)
    TimeSlot.objects.bulk_create(
        TimeSlot(
            appointment=made,
            starts_at=day + timedelta(minutes=5 * n),
            ends_at=day + timedelta(minutes=5 * n + 5),
            capacity=1,
        )
        for n in range(41)
    )
    response = client.get(PATH)
    assert len(slot_ids(response)) == 40
    assert "There are more times later" in response.content.decode()


# --- Its TAs


def test_tas_are_shown_with_year_sessions_and_next_time_the_soonest_first(
    clock, client, topic, ta, student, make_user, open_time
):
    for name in ("Anan", "Beam"):
        Registration.objects.create(user=make_user(name, year=None), topic=topic)
    slot = open_time(ta, topic).slots.order_by("starts_at")[0]
    made = bookings.book(student, slot.pk, topic, "Why?")
    clock.move_to(slot.starts_at)
    bookings.complete(made, ta)
    response = client.get(PATH)
    assert tas(response) == [
        ("น้ำฝน", "today 14:00", 1),
        ("Anan", None, 0),
        ("Beam", None, 0),
    ]
    html = unmarked(response.content.decode())
    assert f'href="/users/{ta.pk}/">น้ำฝน</a>' in html
    assert "Year 4" in html
    assert "1 session" in html
    assert f'href="/users/{ta.pk}/timeslots/?topic=data-structures"' in html


def test_pending_and_suspended_tas_are_nowhere(client, topic, ta, make_user, staff, sign_in):
    waiting = make_user("Waiting")
    Registration.objects.create(user=waiting, topic=topic, status="pending")
    ta.is_active = False
    ta.save()
    assert tas(client.get(PATH)) == []
    assert "Waiting" not in sign_in(staff).get(PATH).content.decode()


def test_the_first_tas_are_shown_and_all_of_them_on_demand(client, topic, make_user, monkeypatch):
    monkeypatch.setattr(contexts, "TAS_SHOWN", 2)
    for name in ("C", "A", "B"):
        Registration.objects.create(user=make_user(name * 2), topic=topic)
    response = client.get(PATH)
    assert [name for name, *_ in tas(response)] == ["AA", "BB"]
    assert f'href="{PATH}?tas=all#tas"' in response.content.decode()
    response = client.get(PATH, {"tas": "all"})
    assert [name for name, *_ in tas(response)] == ["AA", "BB", "CC"]
    assert "tas=all" not in response.content.decode().replace("?tas=all&amp;from", "")


# --- Teaching it


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("stranger", "Teach this topic"),
        ("ta", "Stop teaching it"),
        ("student", "Teaching is open from year 2 on."),
    ],
)
def test_everybody_sees_where_they_stand(request, sign_in, topic, ta, person, words):
    html = unmarked(sign_in(request.getfixturevalue(person)).get(PATH).content.decode())
    assert words in html
    assert (f'action="{PATH}register/"' in html) is (person == "stranger")
    assert (f'href="{PATH}unregister/"' in html) is (person == "ta")


def test_one_without_a_year_is_led_to_the_profile(topic, make_user, sign_in):
    html = unmarked(sign_in(make_user("No Year", year=None)).get(PATH).content.decode())
    assert "Fill in your year of study in your profile first." in html
    assert 'href="/users/me/edit/"' in html


def test_who_waits_for_approval_sees_it_and_may_take_it_back(topic, stranger, sign_in):
    Registration.objects.create(user=stranger, topic=topic, status="pending")
    html = unmarked(sign_in(stranger).get(PATH).content.decode())
    assert "waiting for approval" in html
    assert f'href="{PATH}unregister/"' in html


# --- Archived, empty, cost


def test_an_archived_topic_says_so_and_offers_nothing(
    clock, client, topic, ta, creator, sign_in, open_time
):
    open_time(ta, topic)
    archive_topic(topic, creator)
    for viewer in (client, sign_in(creator)):
        response = viewer.get(PATH)
        assert response.status_code == 200
        html = unmarked(response.content.decode())
        assert "This topic is archived" in html
        assert slot_ids(response) == []
        assert "register/" not in html
        assert "?from=" not in html


def test_a_topic_without_tas_leads_on(client, topic):
    html = unmarked(client.get(PATH).content.decode())
    assert "Nobody teaches this topic yet." in html
    assert "See other topics" in html


def test_one_ta_costs_as_many_queries_as_three(clock, client, topic, ta, make_user, open_time):
    open_time(ta, topic)
    with CaptureQueriesContext(connection) as one:
        client.get(PATH)
    for number in range(2):
        more = make_user(f"More {number}")
        Registration.objects.create(user=more, topic=topic)
        open_time(more, topic, days=2)
    with CaptureQueriesContext(connection) as three:
        response = client.get(PATH)
    assert len(response.context["tas"]) == 3
    assert len(three) == len(one)
    # Session, topic with one's own, TAs, times, their sessions, what stands in the way, requests, badge;
    # and four that count for everybody, since they were dropped.
    assert len(three) == 8 + 4
