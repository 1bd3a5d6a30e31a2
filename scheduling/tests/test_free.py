"""Counts of free time agree with the one definition of a free slot."""

from datetime import time, timedelta

import pytest

from scheduling.models import Booking, TimeSlot
from scheduling.queries.free import (
    counts,
    free_by_ta,
    free_by_topic,
    sessions_given,
    soonest_topics,
)
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from setahub.core import clock as when
from topics.models import Registration, Topic


def open_time(ta, *topics, days=1, start=13, end=15):
    day = when.today() + timedelta(days=days)
    plan = Plan(list(topics), day, time(start), time(end), 30, 1, "Room 504")
    return appointments.open_time(ta, plan)[0]


@pytest.fixture
def web(ta):
    made = Topic.objects.create(name="Web", slug="web")
    Registration.objects.create(user=ta, topic=made)
    return made


@pytest.fixture
def other_ta(make_user, topic):
    user = make_user("Anan")
    Registration.objects.create(user=user, topic=topic)
    return user


def test_each_topic_counts_its_own_slots_once(clock, ta, other_ta, topic, web):
    open_time(ta, topic, web)
    open_time(ta, web, days=2)
    open_time(other_ta, topic, days=1, start=10, end=11)
    free = free_by_topic()
    assert {key: time.count for key, time in free.items()} == {topic.pk: 6, web.pk: 8}
    assert when.full(free[topic.pk].next_at) == "Tue 24 Nov, 10:00"
    assert when.full(free[web.pk].next_at) == "Tue 24 Nov, 13:00"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ta, topic: Topic.objects.filter(pk=topic.pk).update(
            archived_at=when.at(when.today(), time(8))
        ),
        lambda ta, topic: Registration.objects.filter(topic=topic).update(status="pending"),
        lambda ta, topic: Registration.objects.filter(topic=topic).delete(),
        lambda ta, topic: type(ta).objects.filter(pk=ta.pk).update(is_active=False),
    ],
    ids=["archived", "pending", "unregistered", "suspended"],
)
def test_what_nobody_could_book_is_not_counted_for_that_topic(clock, ta, topic, web, spoil):
    open_time(ta, topic, web)
    spoil(ta, topic)
    free = free_by_topic()
    assert topic.pk not in free
    # The other topic of the same slots is as free as its TA.
    assert (web.pk in free) is type(ta).objects.get(pk=ta.pk).is_active
    assert free_by_ta(topic.pk) == {}


def test_taken_slots_and_times_when_the_ta_is_elsewhere_are_not_counted(
    clock, ta, other_ta, student, topic, web
):
    mine = open_time(ta, topic, web).slots.order_by("starts_at")
    theirs = open_time(other_ta, topic).slots.order_by("starts_at")
    bookings.book(student, mine[0].pk, topic, "Why?")
    bookings.book(other_ta, mine[2].pk, topic, "I learn too")  # 14:00, while their own slot stands
    free = free_by_topic()
    assert {key: time.count for key, time in free.items()} == {topic.pk: 2 + 3, web.pk: 2}
    assert {key: time.count for key, time in free_by_ta(topic.pk).items()} == {
        ta.pk: 2,
        other_ta.pk: theirs.count() - 1,
    }


def test_counts_agree_with_the_list_of_free_slots(clock, ta, other_ta, topic, web):
    open_time(ta, topic, web)
    open_time(ta, web, days=40)  # beyond the horizon
    open_time(other_ta, topic, days=0, start=10, end=12)
    clock.shift(timedelta(minutes=15))  # 10:00 is too near now
    for each in (topic, web):
        free = free_by_topic()[each.pk]
        slots = TimeSlot.objects.free(topic_id=each.pk)
        assert free.count == slots.count()
        assert free.next_at == slots.soonest()[0].starts_at


def test_the_soonest_topics_come_first_with_their_tas(clock, ta, topic, web, make_user):
    later = Topic.objects.create(name="Later", slug="later")
    Topic.objects.create(name="Never", slug="never")
    Registration.objects.create(user=ta, topic=later)
    open_time(ta, web, days=1)
    open_time(ta, topic, web, days=3)
    open_time(ta, later, days=20)
    found = soonest_topics(counts(), 6)
    assert [
        (each.name, counted.free.count, when.soon(counted.free.next_at)) for each, counted in found
    ] == [
        ("Web", 8, "tomorrow 13:00"),
        ("Data Structures", 4, "Thu 13:00"),
        ("Later", 4, "Sun 13 Dec 13:00"),
    ]
    assert [counted.tas for _each, counted in found] == [1, 1, 1]
    assert [each.name for each, _free in soonest_topics(counts(), 1)] == ["Web"]


def test_only_completed_bookings_are_sessions_given(clock, ta, other_ta, student, topic):
    slots = open_time(ta, topic).slots.order_by("starts_at")
    first = bookings.book(student, slots[0].pk, topic, "One")
    bookings.cancel(bookings.book(student, slots[1].pk, topic, "Two"), student, "")
    assert sessions_given([ta.pk, other_ta.pk]) == {}
    Booking.objects.filter(pk=first.pk).update(status="completed")
    assert sessions_given([ta.pk, other_ta.pk]) == {ta.pk: 1}


def test_one_query_each(clock, ta, topic, web, django_assert_num_queries):
    open_time(ta, topic, web)
    with django_assert_num_queries(1):
        free_by_topic()
    with django_assert_num_queries(1):
        free_by_ta(topic.pk)
