"""The start page: the landing page for visitors, the dashboard for users."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block
from scheduling.services import bookings
from scheduling.services.plan import Plan
from scheduling.services.rows import Edited
from scheduling.tests.factories import ask, book, open_time, slots_of
from scheduling.views.contexts import previews
from setahub.core import clock as when
from setahub.tests.own import unmarked
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slots(ta, topic):
    return slots_of(open_time(ta, topic))


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


def home(client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return unmarked(response.content.decode())


class TestLanding:
    @pytest.mark.django_db
    def test_visitors_are_told_what_it_is_and_how_to_begin(self):
        html = home(Client())
        assert "How it works" in html
        assert 'href="/auth/signup/"' in html
        assert 'href="/auth/login/"' in html

    def test_it_shows_real_topics_with_their_tas(self, ta, topic):
        Topic.objects.create(name="Gone", slug="gone", archived_at=timezone.now())
        html = home(Client())
        assert topic.name in html
        assert "1 TA" in html
        assert "Gone" not in html

    @pytest.mark.django_db
    def test_without_topics_there_is_no_empty_shelf(self):
        assert "Topics you can get help with" not in home(Client())

    def test_names_of_people_stay_inside(self, ta, topic):
        assert ta.username not in home(Client())


class TestGreeting:
    @pytest.mark.parametrize(
        ("hour", "greeting"),
        [
            (5, "Good morning"),
            (11, "Good morning"),
            (12, "Good afternoon"),
            (17, "Good afternoon"),
            (18, "Good evening"),
            (23, "Good evening"),
            (0, "Hello"),
            (1, "Hello"),
            (4, "Hello"),
        ],
    )
    def test_it_follows_the_faculty_s_clock(self, client, student, clock, hour, greeting):
        clock.move_to(when.local(timezone.now()).replace(hour=hour))
        assert f"<h1>{greeting}, {student.username}</h1>" in home(client)


class TestBookings:
    def test_the_next_one_is_large_and_the_others_follow(self, client, student, ta, slots):
        made = [book(student, slot, question=f"Question {n}") for n, slot in enumerate(slots)]
        html = home(client)
        order = re.findall(r'data-booking-id="(\d+)" data-status="booked"', html)
        assert order == [str(each.pk) for each in made]
        assert f"Data Structures with {ta.username}" in html
        assert "“Question 0”" in html
        assert "Question 1" not in html

    def test_five_at_once_show_four(self, client, student, ta, topic, slots):
        more = slots_of(open_time(ta, topic, start="16:00", end="16:30"))
        for slot in [*slots, *more]:
            book(student, slot)
        assert home(client).count("data-booking-id") == 4

    def test_cancelled_and_past_ones_are_gone(self, client, student, slots, clock):
        bookings.cancel(book(student, slots[0]), student, "")
        made = book(student, slots[1])
        clock.move_to(made.ends_at)
        assert "data-booking-id" not in home(client)

    def test_it_asks_what_one_is_stuck_on_and_searches_that(self, client, topic):
        html = client.get("/").content.decode()
        assert "What are you stuck on?" in html
        [form] = re.findall(r'<form class="dashboard-stuck".*?</form>', html, re.S)
        assert 'method="get" action="/topics/"' in form
        assert 'name="q"' in form

    def test_with_nothing_booked_it_says_what_to_do(self, client):
        assert "Nothing booked yet" in home(client)


class TestSessions:
    def test_a_ta_sees_the_next_ones_with_their_seats(self, ta, topic, student, sign_in):
        session = open_time(ta, topic, capacity=2)
        book(student, slots_of(session)[0])
        html = home(sign_in(ta))
        assert f'data-appointment-id="{session.pk}"' in html
        assert "1 of 8 booked" in html

    def test_what_became_of_a_seat_changes_no_count(self, ta, topic, make_user, sign_in, clock):
        session = open_time(ta, topic, capacity=4, minutes=60)
        first, second, _third = (
            book(make_user(name), slots_of(session)[0]) for name in ("Mali", "Nok", "Ploy")
        )
        clock.move_to(first.starts_at + timedelta(minutes=20))
        bookings.complete(first, ta)
        bookings.mark_no_show(second, ta)
        client = sign_in(ta)
        assert "3 of 8 booked" in home(client)
        for path in ("/appointments/", f"/appointments/{session.pk}/"):
            page = client.get(path).content.decode()
            assert '<b>3</b> <span class="muted">of 8 seats booked' in page
        unchanged = Edited(session, Plan.of(session), Plan.of(session))
        [slot, _free] = previews.of_edit(ta, [unchanged]).slots
        assert slot.booked == 3

    def test_three_at_most_and_none_that_is_over_or_cancelled(self, ta, topic, sign_in, clock):
        sessions = [
            open_time(ta, topic, day=when.today() + timedelta(days=days)) for days in range(1, 6)
        ]
        clock.move_to(sessions[0].ends_at)
        shown = re.findall(r'data-appointment-id="(\d+)"', home(sign_in(ta)))
        assert shown == [str(each.pk) for each in sessions[1:4]]

    def test_students_have_no_such_part(self, client):
        assert "TA sessions</h2>" not in home(client)


class TestNews:
    def test_what_others_did_is_told(self, client, student, ta, slots):
        made = book(student, slots[0])
        bookings.note_change([made], ta, {"location": ("Room 1", "Room 612")})
        html = home(client)
        assert f"{ta.username} changed the session" in html
        assert "New place: Room 612" in html

    def test_what_one_did_oneself_is_not(self, client, student, slots):
        bookings.move(book(student, slots[0]), student, slots[1].pk)
        assert "What changed" not in home(client)

    def test_the_ta_hears_of_bookings_moves_and_cancellations(self, student, ta, slots, sign_in):
        made = book(student, slots[0])
        bookings.move(made, student, slots[1].pk)
        bookings.cancel(made, student, "I found it myself")
        html = home(sign_in(ta))
        assert f"{student.username} booked it" in html
        assert f"{student.username} moved it from Tue 24 Nov, 13:00" in html
        assert f"{student.username} cancelled it" in html
        assert "I found it myself" in html

    def test_for_a_week(self, client, student, ta, topic, clock):
        slot = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=20)))[0]
        bookings.note_change([book(student, slot)], ta, {"location": ("Room 1", "Room 612")})
        clock.shift(timedelta(days=7))
        assert "Room 612" in home(client)
        clock.shift(timedelta(seconds=1))
        assert "Room 612" not in home(client)

    def test_five_at_most_the_newest_first(self, client, student, ta, slots, clock):
        made = book(student, slots[0])
        for number in range(6):
            clock.shift(timedelta(minutes=1))
            bookings.note_change([made], ta, {"notes": ("", f"Change {number}")})
        found = re.findall(r"Change \d", home(client))
        assert found == ["Change 5", "Change 4", "Change 3", "Change 2", "Change 1"]

    def test_nobody_else_hears_of_it(self, student, ta, slots, stranger, sign_in):
        bookings.note_change([book(student, slots[0])], ta, {"location": ("Room 1", "Room 612")})
        assert "Room 612" not in home(sign_in(stranger))


class TestTopics:
    def test_topics_with_free_time_lead_straight_to_the_nearest_slots(self, client, slots, topic):
        html = home(client)
        assert f'data-topic-slug="{topic.slug}" data-topic-id="{topic.pk}"' in html
        assert "1 TA · 4 free times" in html
        assert re.findall(r'data-slot-id="(\d+)"', html) == [str(slot.pk) for slot in slots[:2]]
        assert f'href="/bookings/new/?slot={slots[0].pk}&amp;topic={topic.slug}"' in html

    def test_what_the_student_cannot_take_is_passed_over(self, client, student, ta, topic):
        slots = slots_of(open_time(ta, topic, capacity=2))
        book(student, slots[0])
        shown = re.findall(r'data-slot-id="(\d+)"', home(client))
        assert shown == [str(slot.pk) for slot in slots[1:3]]

    def test_one_s_own_times_are_not_offered(self, ta, slots, sign_in):
        html = home(sign_in(ta))
        assert "data-slot-id" not in html
        assert "None of its next times is open to you." in html

    def test_soonest_topic_first_and_none_without_free_time(self, client, ta, topic):
        later, sooner, none = (
            Topic.objects.create(name=name, slug=name.lower()) for name in ("Later", "Soon", "None")
        )
        for each in (later, sooner, none):
            Registration.objects.create(user=ta, topic=each)
        open_time(ta, later, day=when.today() + timedelta(days=3))
        open_time(ta, sooner, day=when.today() + timedelta(days=2))
        assert re.findall(r'data-topic-slug="(\w+)"', home(client)) == ["soon", "later"]


class TestGiveBack:
    def test_who_may_teach_and_does_not_is_asked(self, stranger, sign_in):
        assert "You are in year 3" in home(sign_in(stranger))

    def test_first_years_are_not(self, client):
        assert "Give an hour back" not in home(client)

    @pytest.mark.parametrize("status", ["approved", "pending"])
    def test_nor_those_who_have_registered(self, stranger, topic, sign_in, status):
        Registration.objects.create(user=stranger, topic=topic, status=status)
        assert "Give an hour back" not in home(sign_in(stranger))


class TestWhoWaits:
    BOARD = 'href="/appointments/?tab=requests"'

    def test_a_ta_reads_how_many_wait_and_for_what(self, ta, student, stranger, topic, sign_in):
        other = Topic.objects.create(name="Databases", slug="databases")
        assert self.BOARD not in home(sign_in(ta))
        ask(student, topic)
        html = home(sign_in(ta))
        assert "1 person waits for Data Structures: open time" in html
        ask(stranger, topic)
        ask(stranger, other)  # which is taught by somebody else
        html = home(sign_in(ta))
        assert "2 people wait for Data Structures: open time" in html
        assert html.count(self.BOARD) == 1
        assert "other topic" not in html
        Registration.objects.create(user=ta, topic=other)
        assert "and for 1 other topic" in home(sign_in(ta))

    def test_a_person_counts_once(self, ta, student, topic, sign_in):
        ask(student, topic)
        ask(student, topic, "And another thing")
        assert "1 person waits for Data Structures" in home(sign_in(ta))

    def test_not_who_is_blocked_nor_to_students(self, ta, student, stranger, topic, sign_in):
        ask(student, topic)
        assert self.BOARD not in home(sign_in(stranger))
        Block.objects.create(blocker=ta, blocked=student)
        assert self.BOARD not in home(sign_in(ta))


def test_more_of_everything_costs_no_more_queries(ta, student, stranger, topic, sign_in):
    """Of a TA who learns and teaches: one row of each kind against several."""
    other = Topic.objects.create(name="Databases", slug="databases")
    for topic_of in (topic, other):
        Registration.objects.create(user=stranger, topic=topic_of)
    client = sign_in(ta)

    def add(days: int, taught: Topic) -> None:
        day = when.today() + timedelta(days=days)
        mine, theirs = (
            open_time(ta, topic, day=day),
            open_time(stranger, taught, day=day, start="09:00", end="11:00"),
        )
        book(student, slots_of(mine)[0])
        book(ta, slots_of(theirs)[0])

    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            home(client)
        return len(caught)

    add(1, topic)
    count()
    few = count()
    add(2, other)
    add(3, other)
    assert count() == few
    assert few <= 25
