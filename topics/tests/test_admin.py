import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from topics.models import Registration, Topic
from topics.services import archive_topic, create_topic

TOPICS = "/admin/topics/topic/"
REGISTRATIONS = "/admin/topics/registration/"


@pytest.fixture
def client(staff, sign_in):
    return sign_in(staff)


def act(client, path, action, *rows, **given):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "confirm": "1"}
    return client.post(path, {**chosen, **given}, follow=True)


def listed(response):
    return list(response.context["cl"].result_list)


@pytest.mark.parametrize("path", [TOPICS, REGISTRATIONS])
def test_only_staff_come_in(topic, ta, sign_in, path):
    assert sign_in(ta).get(path).status_code == 302


def test_topics_are_found_in_thai_and_without_regard_to_case(client, topic, creator):
    thai = create_topic(creator, "คณิตศาสตร์")
    assert listed(client.get(TOPICS, {"q": "DATA"})) == [topic]
    assert listed(client.get(TOPICS, {"q": "คณิต"})) == [thai]
    german = create_topic(creator, "Übersetzerbau")
    assert listed(client.get(TOPICS, {"q": "ÜBERSETZER"})) == [german]


def test_registrations_are_found_by_person_and_topic(client, topic, ta, make_user):
    other = Registration.objects.create(user=make_user("Émile"), topic=topic)
    assert listed(client.get(REGISTRATIONS, {"q": "ÉMILE"})) == [other]
    assert listed(client.get(REGISTRATIONS, {"q": "น้ำฝน"})) == [ta.registrations.get()]
    assert listed(client.get(REGISTRATIONS, {"q": "STRUCTURES"})) == [
        other,
        ta.registrations.get(),
    ]


def test_archived_topics_are_filtered(client, topic, creator):
    other = create_topic(creator, "Trees")
    archive_topic(topic, creator)
    assert listed(client.get(TOPICS, {"archived": "yes"})) == [topic]
    assert listed(client.get(TOPICS, {"archived": "no"})) == [other]
    assert listed(client.get(TOPICS)) == [topic, other]


def test_staff_archive_and_restore(client, topic):
    response = act(client, TOPICS, "archive", topic)
    assert "Archive: 1 done." in response.content.decode()
    topic.refresh_from_db()
    assert topic.is_archived
    act(client, TOPICS, "restore", topic)
    topic.refresh_from_db()
    assert not topic.is_archived


def test_topics_are_changed_and_deleted_on_their_own_pages_alone(client, topic):
    html = client.get(TOPICS).content.decode()
    assert 'href="/topics/data-structures/edit/"' in html
    assert 'href="/topics/data-structures/delete/"' in html
    assert client.get(f"{TOPICS}{topic.pk}/change/").status_code == 200
    assert client.post(f"{TOPICS}{topic.pk}/change/", {"name": "X"}).status_code == 403
    assert client.post(f"{TOPICS}{topic.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{TOPICS}add/").status_code == 403
    act(client, TOPICS, "delete_selected", topic)
    assert Topic.objects.get().name == "Data Structures"


def test_one_topic_costs_as_many_queries_as_three(client, topic, ta, creator):
    with CaptureQueriesContext(connection) as one:
        client.get(TOPICS)
    for name in ("Trees", "Graphs"):
        Registration.objects.create(user=ta, topic=create_topic(creator, name))
    with CaptureQueriesContext(connection) as three:
        client.get(TOPICS)
    assert len(three) == len(one)


def test_staff_approve_and_decline_what_waits(client, topic, ta, stranger, creator):
    good = Registration.objects.create(user=stranger, topic=topic, status="pending")
    bad = Registration.objects.create(user=creator, topic=topic, status="pending")
    assert listed(client.get(REGISTRATIONS, {"status__exact": "pending"})) == [bad, good]
    act(client, REGISTRATIONS, "approve", good)
    act(client, REGISTRATIONS, "decline", bad)
    assert set(Registration.objects.values_list("user", "status")) == {
        (ta.pk, "approved"),
        (stranger.pk, "approved"),
    }


def test_what_was_decided_already_is_told_and_the_rest_done(client, topic, ta, stranger):
    waits = Registration.objects.create(user=stranger, topic=topic, status="pending")
    response = act(client, REGISTRATIONS, "approve", ta.registrations.get(), waits)
    html = response.content.decode()
    assert "This registration is approved already." in html
    assert "Approve: 1 done." in html


def test_a_note_may_go_with_a_decision_in_bulk(client, topic, stranger, creator):
    rows = [
        Registration.objects.create(user=user, topic=topic, status="pending")
        for user in (stranger, creator)
    ]
    chosen = {"action": "approve", "_selected_action": [row.pk for row in rows]}
    page = client.post(REGISTRATIONS, chosen).content.decode()
    assert "<li>Stranger – Data Structures</li>" in page
    assert 'name="note"' in page
    assert Registration.objects.pending().count() == 2
    act(client, REGISTRATIONS, "approve", *rows, note="Welcome!")
    assert Registration.objects.approved().count() == 2
    kept = [json.loads(entry.change_message) for entry in LogEntry.objects.all()]
    assert kept == [[{"action": "approve", "words": "Welcome!"}]] * 2


def test_staff_rename_through_the_service(client, topic, creator):
    create_topic(creator, "Trees")
    html = act(client, TOPICS, "rename", topic, name="TREES").content.decode()
    assert "A topic with this name exists already." in html
    act(client, TOPICS, "rename", topic, name="Data Structures II")
    topic.refresh_from_db()
    assert (topic.name, topic.slug) == ("Data Structures II", "data-structures")


def test_staff_merge_duplicates(client, topic, creator, ta):
    double = create_topic(creator, "Data Structure")
    html = act(client, TOPICS, "merge", double, target=topic.pk).content.decode()
    assert "Merge into another topic: 1 done." in html
    double.refresh_from_db()
    assert double.merged_into == topic
    page = client.get(f"{TOPICS}{double.pk}/change/").content.decode()
    assert 'name="action"' not in page


def test_who_may_only_look_decides_nothing(topic, make_user, stranger, sign_in):
    viewer = make_user("Viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_registration"))
    waits = Registration.objects.create(user=stranger, topic=topic, status="pending")
    client = sign_in(viewer)
    assert client.get(REGISTRATIONS).status_code == 200
    act(client, REGISTRATIONS, "approve", waits)
    waits.refresh_from_db()
    assert waits.status == "pending"
