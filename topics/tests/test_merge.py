"""Merging duplicates: everything moves, nothing is lost, and what would clash is refused."""

from datetime import timedelta

import pytest

from accounts.models import User
from scheduling.models import Appointment, Booking
from scheduling.services import bookings
from topics.models import Decision, Registration, Topic
from topics.services import (
    TopicError,
    approve,
    archive_topic,
    create_topic,
    merge_topics,
    restore_topic,
)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def double(creator):
    return create_topic(creator, "Data Structure")


def teach(user, topic, status="approved"):
    return Registration.objects.create(user=user, topic=topic, status=status)


def test_registrations_sessions_and_bookings_move(topic, double, ta, student, staff, open_time):
    teach(ta, double)
    only = open_time(ta, double)
    both = open_time(ta, topic, double, days=2)
    made = bookings.book(student, only.slots.order_by("starts_at")[0].pk, double, "Why?")
    other = bookings.book(student, both.slots.order_by("starts_at")[0].pk, double, "And this?")
    merge_topics(double, topic, staff)
    assert list(Registration.objects.values_list("user", "topic")) == [(ta.pk, topic.pk)]
    assert set(Appointment.topics.through.objects.values_list("appointment", "topic")) == {
        (only.pk, topic.pk),
        (both.pk, topic.pk),
    }
    assert set(Booking.objects.values_list("pk", "topic")) == {
        (made.pk, topic.pk),
        (other.pk, topic.pk),
    }
    double.refresh_from_db()
    assert (double.is_archived, double.merged_into) == (True, topic)


def test_who_taught_only_the_duplicate_teaches_the_topic(topic, double, stranger, staff):
    old = teach(stranger, double)
    merge_topics(double, topic, staff)
    assert Registration.objects.get(user=stranger).pk == old.pk
    assert list(Topic.objects.taught_by(stranger.pk)) == [topic]


def test_earlier_decisions_move_too(topic, double, stranger, staff):
    approve(teach(stranger, double, "pending"), staff, "Welcome")
    merge_topics(double, topic, staff)
    assert list(Decision.objects.values_list("topic", "note")) == [(topic.pk, "Welcome")]


def test_who_taught_both_keeps_the_earlier_date(topic, double, ta, staff):
    early = teach(ta, double)
    Registration.objects.filter(pk=early.pk).update(created_at=early.created_at - timedelta(days=9))
    merge_topics(double, topic, staff)
    assert Registration.objects.get().created_at == early.created_at - timedelta(days=9)


def test_somebody_waiting_in_one_and_teaching_the_other_is_a_clash(topic, double, ta, staff):
    teach(ta, double, "pending")
    with pytest.raises(TopicError, match=r"First decide on those who wait .*: น้ำฝน"):
        merge_topics(double, topic, staff)
    double.refresh_from_db()
    assert double.merged_into is None
    assert Registration.objects.count() == 2


def test_what_can_not_be_merged_says_why(topic, double, staff, creator):
    def refusal(*args):
        with pytest.raises(TopicError) as refused:
            merge_topics(*args)
        return refused.value.message

    assert refusal(topic, topic, staff) == "A topic can't be merged into itself."
    assert refusal(topic, double, creator) == "Only staff merge topics."
    archive_topic(double, staff)
    assert refusal(topic, double, staff) == "Data Structure is archived: restore it first."
    merge_topics(double, topic, staff)
    assert refusal(double, topic, staff) == "It was merged into another topic already."


def test_old_links_lead_to_the_topic_also_over_two_mergers(
    topic, double, staff, creator, student, sign_in
):
    third = create_topic(creator, "DS")
    merge_topics(double, third, staff)
    merge_topics(third, topic, staff)
    client = sign_in(student)
    for slug in (double.slug, third.slug):
        response = client.get(f"/topics/{slug}/")
        assert (response.status_code, response.url) == (301, "/topics/data-structures/")


def test_a_merged_topic_stays_archived(topic, double, staff):
    merge_topics(double, topic, staff)
    double.refresh_from_db()
    with pytest.raises(TopicError, match="merged into Data Structures"):
        restore_topic(double, staff)


def test_a_refusal_of_the_calendar_undoes_all(topic, double, ta, staff, receiving):
    from topics.signals import topic_merging

    teach(ta, double)
    with (
        receiving(topic_merging, TopicError("refused", "No")),
        pytest.raises(TopicError, match="No"),
    ):
        merge_topics(double, topic, staff)
    assert Registration.objects.filter(topic=double).exists()
    assert User.objects.filter(pk=ta.pk).exists()
