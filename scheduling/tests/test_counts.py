"""The counts on tiles: as they are after each change of what they count, however lately made."""

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.services import suspensions
from accounts.services.deletion import delete_account
from scheduling.models import TimeSlot
from scheduling.queries import free
from scheduling.queries.free import Counts, counts, counts_of_topic, enough_by, free_from
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_time, plan, slots_of
from setahub.core import clock as when
from setahub.policy.models import ExamWeek
from setahub.policy.services import change_policy, delete_exam_week, save_exam_week
from topics.models import Registration, Topic
from topics.services import teaching, topics

pytestmark = pytest.mark.django_db(transaction=True)


def counted(topic: Topic) -> tuple[int, int]:
    """TAs and free slots."""
    found = counts().get(topic.pk, Counts())
    return found.tas, found.free.count if found.free else 0


@pytest.fixture
def session(clock, ta, topic):
    """Tomorrow from 13 to 15, four slots, counted a moment ago."""
    session = open_time(ta, topic)
    assert counted(topic) == (1, 4)
    return session


def test_bookings(session, topic, student):
    first, second, *_rest = slots_of(session)
    made = book(student, first, topic)
    assert counted(topic) == (1, 3)
    made = bookings.move(made, student, second.pk)
    assert counts()[topic.pk].free.next_at == first.starts_at
    bookings.cancel(made, student, "")
    assert counted(topic) == (1, 4)


def test_of_each_ta(session, ta, topic, student, clock):
    made = book(student, slots_of(session)[0], topic)
    free, given, _days = counts_of_topic(topic.pk)
    assert (free[ta.pk].count, given) == (3, {})
    clock.move_to(made.starts_at)
    bookings.complete(made, ta)
    assert counts_of_topic(topic.pk)[1] == {ta.pk: 1}


def test_times_are_looked_for_past_the_day_that_was_said_to_have_enough(
    session, ta, topic, django_assert_num_queries
):
    first = slots_of(session)
    later = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=3)))
    today, day = when.today(), when.local(first[0].starts_at).date()
    days = counts_of_topic(topic.pk).days
    assert list(days.values()) == [4, 4]
    assert [enough_by(days, today, n) for n in (1, 4, 5, 8, 9)] == [
        day,
        day,
        *[max(days)] * 2,
        None,
    ]
    assert enough_by(days, max(days), 5) is None
    for limit, found, queries in (
        (4, first, 2),
        (5, [*first, later[0]], 3),
        (9, [*first, *later], 3),
    ):
        with django_assert_num_queries(queries):
            assert free_from(today, topic=topic.pk, limit=limit, by=day) == found


def test_sessions(session, ta, topic):
    later = open_time(ta, topic, day=when.today() + timedelta(days=2))
    assert counted(topic) == (1, 8)
    appointments.edit(later, ta, plan(topic, day=later.starts_at.date(), end="14:00"))
    assert counted(topic) == (1, 6)
    appointments.cancel(later, ta, "Ill")
    assert counted(topic) == (1, 4)


def test_registrations(session, ta, stranger, topic):
    registration = teaching.register(stranger, topic)
    assert counted(topic) == (2, 4)
    teaching.unregister(stranger, topic)
    assert counted(topic) == (1, 4)
    registration = Registration.objects.create(user=stranger, topic=topic, status="pending")
    assert counted(topic) == (1, 4)
    staff = User.objects.create_superuser("Boss", "boss@example.com", "pass-word-1")
    teaching.approve(registration, staff)
    assert counted(topic) == (2, 4)
    teaching.unregister(ta, topic)
    assert counted(topic) == (1, 0)


def test_topics(session, ta, topic, staff):
    new = topics.create_topic(ta, "Web")
    assert counts()[new.pk] == Counts()
    topics.archive_topic(topic, staff)
    assert topic.pk not in counts()
    topics.restore_topic(topic, staff)
    assert counted(topic) == (1, 4)
    topics.merge_topics(topic, new, staff)
    assert counted(new) == (1, 4)
    assert topic.pk not in counts()


def test_suspensions_and_who_leaves(session, ta, topic, staff):
    suspensions.suspend(ta, actor=staff, cancel_bookings=False)
    assert counted(topic) == (0, 0)
    suspensions.restore(ta, actor=staff)
    assert counted(topic) == (1, 4)
    delete_account(ta)
    assert counted(topic) == (0, 0)


def test_the_policy_and_exam_weeks(session, topic, staff):
    change_policy(staff, {"booking_min_notice": 28 * 60 + 30})  # it is 9, so until tomorrow 13:30
    assert counted(topic) == (1, 3)
    week = ExamWeek(
        name="Finals", first_day=when.today(), last_day=when.today() + timedelta(days=3)
    )
    week.booking_min_notice = 0
    save_exam_week(staff, week)
    assert counted(topic) == (1, 4)
    delete_exam_week(staff, week)
    assert counted(topic) == (1, 3)


def test_what_nobody_tells_of_is_seen_within_ten_seconds(session, topic, clock):
    TimeSlot.objects.update(withdrawn=True)
    clock.shift(timedelta(seconds=4))
    assert counted(topic) == (1, 4)
    clock.shift(timedelta(seconds=6))
    assert counted(topic) == (1, 0)


def test_a_time_that_can_be_booked_never_comes_from_there(session, topic, student, sign_in):
    page = sign_in(student).get("/").content.decode()
    first = slots_of(session)[0]
    assert f'data-slot-id="{first.pk}"' in page
    TimeSlot.objects.filter(pk=first.pk).update(withdrawn=True)
    page = sign_in(student).get("/").content.decode()
    assert f'data-slot-id="{first.pk}"' not in page
    assert counted(topic) == (1, 4)


def test_all_viewers_of_all_pages_cost_one_count(
    session, topic, student, ta, client, sign_in, monkeypatch
):
    made = []
    monkeypatch.setattr(free, "free_by_topic", lambda: made.append(1) or {})
    counts.drop()
    for viewer in (client, sign_in(student), sign_in(ta)):
        viewer.get("/")
        viewer.get("/topics/")
    assert made == [1]
