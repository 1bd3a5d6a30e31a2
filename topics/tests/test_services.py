import threading

import pytest
from django.db import connection

from accounts.models import User
from topics import services
from topics.models import Registration, Topic
from topics.services import Removal, TopicError
from topics.signals import registration_withdrawn, topic_deleting, topic_removed


def refusal(act, *args, **fields):
    with pytest.raises(TopicError) as refused:
        act(*args, **fields)
    return refused.value.message, refused.value.status, refused.value.field


# --- Create and change


def test_a_topic_keeps_its_name_composed_and_trimmed(creator):
    topic = services.create_topic(creator, "  Cafe\u0301 ", "Line\nline")
    assert (topic.name, topic.slug, topic.description) == ("Café", "cafe", "Line\nline")
    assert topic.creator == creator
    assert Topic.objects.get() == topic


@pytest.mark.parametrize("name", ["Data Structures", "DATA structures", " data structures "])
def test_a_name_is_taken_without_regard_to_case(topic, stranger, name):
    assert refusal(services.create_topic, stranger, name) == (
        "A topic with this name exists already.",
        422,
        "name",
    )
    assert Topic.objects.count() == 1


def test_the_name_of_an_archived_topic_is_taken_too_and_the_words_say_so(topic, creator, stranger):
    services.archive_topic(topic, creator)
    message, status, field = refusal(services.create_topic, stranger, "data structures")
    assert message == "An archived topic has this name already. Ask the staff to restore it."
    assert (status, field) == (422, "name")


def test_the_loser_of_a_race_for_a_name_learns_it_in_words(topic, stranger, monkeypatch):
    seen = iter([None])  # the check before the insert sees nothing yet
    honest = Topic.objects.named_like
    monkeypatch.setattr(
        type(Topic.objects), "named_like", lambda self, other: next(seen, honest(other))
    )
    assert refusal(services.create_topic, stranger, "data structures") == (
        "A topic with this name exists already.",
        422,
        "name",
    )


def test_the_loser_of_a_race_for_a_slug_gets_the_next_number(topic, stranger, monkeypatch):
    seen = iter([set()])
    honest = Topic.objects.slugs_like
    monkeypatch.setattr(
        type(Topic.objects), "slugs_like", lambda self, base: next(seen, honest(base))
    )
    assert services.create_topic(stranger, "Data-Structures!").slug == "data-structures-2"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_who_create_one_name_at_once_exactly_one_does(make_user):
    people = [make_user(f"Person {number}") for number in range(6)]
    barrier, outcomes = threading.Barrier(len(people)), []

    def create(person, name):
        barrier.wait()
        try:
            outcomes.append(services.create_topic(person, name).slug)
        except TopicError as error:
            outcomes.append(error.message)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=create, args=(person, "Graphs" if number % 2 else "graphs!"))
        for number, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["A topic with this name exists already."] * 4 + [
        "graphs",
        "graphs-2",
    ]


def test_a_rename_keeps_the_address(topic, creator):
    renamed = services.update_topic(topic, creator, name="Trees", description="")
    assert (renamed.name, renamed.name_key, renamed.slug) == ("Trees", "trees", "data-structures")
    topic.refresh_from_db()
    assert topic.name == "Trees"


def test_a_topic_may_change_the_case_of_its_own_name(topic, creator):
    assert services.update_topic(topic, creator, name="DATA structures", description="").name == (
        "DATA structures"
    )


def test_a_rename_to_a_taken_name_is_refused_beside_the_field(topic, creator):
    services.create_topic(creator, "Trees")
    taken = refusal(services.update_topic, topic, creator, name="TREES", description="")
    assert taken == ("A topic with this name exists already.", 422, "name")


def test_a_rename_that_loses_a_race_is_refused_beside_the_field(topic, creator, monkeypatch):
    services.create_topic(creator, "Trees")
    seen = iter([None])
    honest = Topic.objects.named_like
    monkeypatch.setattr(
        type(Topic.objects), "named_like", lambda self, other: next(seen, honest(other))
    )
    taken = refusal(services.update_topic, topic, creator, name="TREES", description="")
    assert taken == ("A topic with this name exists already.", 422, "name")


def test_only_the_creator_and_staff_change_archive_restore_and_delete(topic, ta, creator, staff):
    words = ("Only its creator and staff can change this topic.", 403, None)
    assert refusal(services.update_topic, topic, ta, name="X", description="") == words
    assert refusal(services.archive_topic, topic, ta) == words
    assert refusal(services.restore_topic, topic, ta) == words
    assert refusal(services.delete_topic, topic, ta) == words
    assert services.update_topic(topic, staff, name="X", description="").name == "X"
    assert services.update_topic(topic, creator, name="Y", description="").name == "Y"


def test_a_topic_without_creator_is_the_staffs(topic, creator, staff):
    topic.creator = None
    topic.save()
    assert refusal(services.delete_topic, topic, creator)[1] == 403
    assert services.delete_topic(topic, staff) is Removal.DELETED


# --- Delete, archive, restore


def test_a_topic_that_nobody_uses_is_deleted(topic, creator, receiving):
    with receiving(topic_deleting, False) as asked, receiving(topic_removed) as told:
        assert services.delete_topic(topic, creator) is Removal.DELETED
    assert [call["topic"].slug for call in asked] == ["data-structures"]
    assert [call["topic"].slug for call in told] == ["data-structures"]
    assert asked[0]["sender"] is Topic
    assert Topic.objects.count() == 0


def test_ones_own_registration_does_not_keep_a_topic(topic, creator):
    services.register(creator, topic)
    assert services.delete_topic(topic, creator) is Removal.DELETED
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("status", ["approved", "pending"])
def test_a_topic_that_another_registered_for_is_archived(
    clock, topic, creator, stranger, receiving, status
):
    Registration.objects.create(user=stranger, topic=topic, status=status)
    with receiving(topic_removed) as told:
        assert services.delete_topic(topic, creator) is Removal.ARCHIVED
    assert told == []
    topic.refresh_from_db()
    assert topic.is_archived
    assert Registration.objects.get().user == stranger


def test_a_topic_in_use_is_archived(topic, creator, receiving):
    with receiving(topic_deleting, True), receiving(topic_removed) as told:
        assert services.removal_of(topic, creator) is Removal.ARCHIVED
        assert services.delete_topic(topic, creator) is Removal.ARCHIVED
    assert told == []
    topic.refresh_from_db()
    assert topic.is_archived


def test_deleting_a_topic_twice_is_refused_in_words(topic, creator):
    services.delete_topic(Topic.objects.get(), creator)
    assert refusal(services.delete_topic, topic, creator) == (
        "This topic was just deleted.",
        404,
        None,
    )


def test_a_receiver_that_fails_leaves_everything_as_it_was(topic, creator, receiving):
    with receiving(topic_removed, TopicError("refused", "No")):
        assert refusal(services.delete_topic, topic, creator) == ("No", 409, None)
    assert Topic.objects.count() == 1


def test_archiving_again_keeps_the_first_time(clock, topic, creator):
    first = services.archive_topic(topic, creator).archived_at
    clock.shift(3600)
    assert services.archive_topic(topic, creator).archived_at == first


def test_a_restored_topic_is_listed_with_its_tas(topic, ta, staff):
    services.archive_topic(topic, staff)
    assert not Topic.objects.taught_by(ta.pk).exists()
    services.restore_topic(topic, staff)
    assert list(Topic.objects.taught_by(ta.pk)) == [topic]


# --- The same topic again


def test_a_topic_that_is_sent_twice_by_its_creator_is_made_once(creator):
    first = services.create_topic(creator, "Compilers", "Parsing\nand more")
    assert services.create_topic(creator, " Compilers ", "Parsing\nand more") == first
    assert Topic.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "description"), [("compilers", "Parsing"), ("Compilers", "Other")]
)
def test_another_content_under_the_name_is_refused(creator, name, description):
    services.create_topic(creator, "Compilers", "Parsing")
    assert refusal(services.create_topic, creator, name, description)[2] == "name"


def test_the_name_of_anothers_topic_is_taken(creator, stranger):
    services.create_topic(creator, "Compilers", "Parsing")
    assert refusal(services.create_topic, stranger, "Compilers", "Parsing")[2] == "name"


# --- Register and unregister


def test_a_senior_registers_and_teaches_at_once(topic, stranger):
    registration = services.register(stranger, topic)
    assert (registration.user, registration.topic) == (stranger, topic)
    assert registration.is_approved


def test_where_the_faculty_approves_a_registration_waits(topic, stranger, staff, settings):
    settings.TA_APPROVAL = True
    registration = services.register(stranger, topic)
    assert registration.status == "pending"
    assert not Topic.objects.taught_by(stranger.pk).exists()
    assert services.register(stranger, topic) == registration
    services.approve(registration, staff)
    assert list(Topic.objects.taught_by(stranger.pk)) == [topic]


def test_nobody_registers_twice(topic, ta):
    assert services.register(ta, topic) == Registration.objects.get()


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1, "Teaching is open from year 2 on."),
        (None, "Fill in your year of study in your profile first."),
    ],
)
def test_a_junior_and_one_without_a_year_are_told_why_they_cant_teach(
    topic, make_user, year, words
):
    assert refusal(services.register, make_user("Junior", year=year), topic) == (words, 409, None)


def test_the_first_year_of_teaching_is_the_facultys_choice(topic, make_user, settings):
    assert services.register(make_user("Two", year=2), topic).is_approved
    settings.TA_MIN_YEAR = 4
    assert refusal(services.register, make_user("Three", year=3), topic)[0] == (
        "Teaching is open from year 4 on."
    )


def test_the_year_that_counts_is_the_stored_one(topic, stranger):
    User.objects.filter(pk=stranger.pk).update(year=1)
    assert refusal(services.register, stranger, topic)[0] == "Teaching is open from year 2 on."


def test_nobody_registers_for_an_archived_topic(topic, creator, stranger):
    services.archive_topic(topic, creator)
    assert refusal(services.register, stranger, topic) == (
        "This topic is archived: nobody can register for it.",
        409,
        None,
    )


def test_unregistering_tells_the_calendar_first(topic, ta, receiving):
    with receiving(registration_withdrawn) as told:
        services.unregister(ta, topic)
    assert [(call["user"], call["topic"]) for call in told] == [(ta, topic)]
    assert Registration.objects.count() == 0


def test_a_receiver_may_refuse_an_unregistration(topic, ta, receiving):
    with receiving(registration_withdrawn, TopicError("refused", "You have 2 upcoming bookings.")):
        assert refusal(services.unregister, ta, topic) == (
            "You have 2 upcoming bookings.",
            409,
            None,
        )
    assert Registration.objects.get().user == ta


def test_who_is_not_registered_has_nothing_to_take_back(topic, stranger, receiving):
    with receiving(registration_withdrawn) as told:
        services.unregister(stranger, topic)
    assert told == []


def test_a_pending_offer_can_be_taken_back(topic, stranger):
    Registration.objects.create(user=stranger, topic=topic, status="pending")
    services.unregister(stranger, topic)
    assert Registration.objects.count() == 0


# --- Approve and decline


@pytest.fixture
def pending(topic, stranger):
    return Registration.objects.create(user=stranger, topic=topic, status="pending")


def test_staff_decline_and_the_offer_is_gone(pending, staff):
    services.decline(pending, staff)
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("decide", [services.approve, services.decline])
def test_only_staff_decide(pending, creator, decide):
    assert refusal(decide, pending, creator) == ("Only staff decide on registrations.", 403, None)
    pending.refresh_from_db()
    assert pending.status == "pending"


@pytest.mark.parametrize("decide", [services.approve, services.decline])
def test_what_is_decided_or_gone_is_not_decided_again(pending, staff, decide):
    stale = Registration.objects.get()
    services.approve(pending, staff)
    assert refusal(decide, stale, staff)[0] == "This registration is approved already."
    Registration.objects.all().delete()
    assert refusal(decide, stale, staff)[0] == "This registration was just taken back."
