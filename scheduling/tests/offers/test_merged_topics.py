"""Merging two topics: who waits for either waits on, what is held stays held, and matching goes on."""

import pytest

from scheduling.models import HelpRequest, NothingFree, Offer, PlaceInLine
from scheduling.queries.waiting import people_before
from scheduling.services import bookings, offers, requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, text
from setahub.core import clock as when
from topics.models import Registration, Topic, TopicStar
from topics.services import create_topic, merge_topics

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def double(creator):
    return create_topic(creator, "Data Structure")


def waiting():
    rows = PlaceInLine.objects.waiting().order_by("pk")
    return [(row.person.username, row.request.topic.name) for row in rows]


def test_requests_places_and_what_was_joined_move(topic, double, student, stranger, staff, sign_in):
    asked = ask(student, double, shared=True)
    requests.join(asked, stranger)
    merge_topics(double, topic, staff)
    assert waiting() == [(student.username, topic.name), ("Stranger", topic.name)]
    asked.refresh_from_db()
    assert (asked.topic, asked.status) == (topic, "open")
    page = text(sign_in(student).get("/bookings/?tab=requests"))
    assert "Data Structures" in page


def test_who_waited_in_both_is_one_in_line_and_both_places_end_with_a_booking(
    topic, double, ta, student, stranger, creator, staff, clock
):
    for person, about in ((student, topic), (student, double), (stranger, topic)):
        clock.shift(1)
        ask(person, about)
    merge_topics(double, topic, staff)
    assert [name for name, _topic in waiting()] == [student.username] * 2 + ["Stranger"]
    last = PlaceInLine.objects.get(person=stranger)
    assert people_before([last], when.at(when.today(), when.local(last.created_at).time())) == {
        last.pk: 1
    }
    slot = slots_of(open_time(ta, topic, end="13:30", capacity=3))[0]
    offers.match(slot.pk)
    held = Offer.objects.open().order_by("pk").values_list("student", flat=True)
    assert list(held) == [student.pk, stranger.pk]
    bookings.take(Offer.objects.get(student=student), student, "Why?")
    assert waiting() == [("Stranger", topic.name)]
    ended = PlaceInLine.objects.filter(person=student).values_list("end", flat=True)
    assert list(ended) == ["booked", "booked"]


def test_the_same_question_in_both_stays_two_requests(topic, double, student, staff):
    first, second = ask(student, topic), ask(student, double)
    merge_topics(double, topic, staff)
    assert ask(student, topic) in (first, second)
    assert HelpRequest.objects.open().filter(topic=topic).count() == 2


def test_an_offer_is_taken_for_the_topic_that_stays(topic, double, ta, student, staff):
    Registration.objects.create(user=ta, topic=double)
    slot = slots_of(open_time(ta, double, end="13:30"))[0]
    held = hold(slot, ask(student, double))
    merge_topics(double, topic, staff)
    held.refresh_from_db()
    assert held.status == "open"
    assert bookings.take(held, student, "Why?").topic == topic


def test_who_waits_is_offered_what_was_free_for_the_other_topic(
    topic, double, ta, student, staff, run_tasks
):
    Registration.objects.create(user=ta, topic=double)
    session = open_time(ta, double, end="13:30")
    past = open_time(ta, topic, double, start="15:00", end="15:30")
    ask(student, topic)
    merge_topics(double, topic, staff)
    run_tasks()
    assert Offer.objects.get().slot == slots_of(session)[0]
    assert past.slots.get().freed == 0


def test_favourites_and_visits_count_once(topic, double, student, stranger, staff):
    for owner, about in ((student, topic), (student, double), (stranger, double)):
        TopicStar.objects.create(owner=owner, topic=about)
        NothingFree.objects.create(student=owner, topic=about, day=when.today())
    merge_topics(double, topic, staff)
    for rows in (TopicStar.objects.all(), NothingFree.objects.all()):
        assert set(rows.values_list("topic", flat=True)) == {topic.pk}
        assert rows.count() == 2


def test_a_booked_time_keeps_its_topic(topic, double, ta, student, staff):
    Registration.objects.create(user=ta, topic=double)
    made = book(student, slots_of(open_time(ta, double))[0])
    merge_topics(double, topic, staff)
    made.refresh_from_db()
    assert made.topic == topic
    assert Topic.objects.get(pk=double.pk).merged_into == topic
