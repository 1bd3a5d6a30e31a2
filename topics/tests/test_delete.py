import pytest
from django.core.files.storage import default_storage
from django.test import Client

from scheduling.services import bookings
from setahub.tests.own import unmarked
from topics.models import Topic

PATH = "/topics/data-structures/delete/"


@pytest.fixture
def client(creator, sign_in):
    return sign_in(creator)


def test_a_visitor_signs_in_first(topic):
    assert Client().post(PATH).url.startswith("/auth/login/")
    assert Topic.objects.count() == 1


def test_the_confirm_page_deletes_nothing_and_says_what_will_happen(client, topic):
    response = client.get(PATH)
    assert response.status_code == 200
    html = unmarked(response.content.decode())
    assert "Delete “Data Structures”?" in html
    assert "It is deleted for good" in html
    assert Topic.objects.count() == 1


def test_its_creator_deletes_a_topic_that_nobody_uses(client, topic):
    response = client.post(PATH, follow=True)
    assert response.redirect_chain == [("/topics/", 302)]
    assert "“Data Structures” is deleted." in unmarked(response.content.decode())
    assert Topic.objects.count() == 0


def test_one_that_others_teach_is_archived_as_the_page_says(client, topic, ta):
    html = unmarked(client.get(PATH).content.decode())
    assert "Archive “Data Structures”?" in html
    response = client.post(PATH, follow=True)
    assert response.redirect_chain == [("/topics/", 302)]
    assert "“Data Structures” is archived" in unmarked(response.content.decode())
    topic.refresh_from_db()
    assert topic.is_archived


def test_one_that_was_ever_booked_is_archived(
    clock, client, creator, student, topic, open_time, sign_in
):
    sign_in(creator).post("/topics/data-structures/register/")
    slot = open_time(creator, topic).slots.order_by("starts_at")[0]
    made = bookings.book(student, slot.pk, topic, "Why?")
    bookings.cancel(made, student, "")
    assert client.post(PATH).status_code == 302
    topic.refresh_from_db()
    assert topic.is_archived
    made.refresh_from_db()
    assert made.topic == topic


def test_deleting_takes_it_off_the_creators_sessions_and_ends_those_left_with_none(
    clock, client, creator, topic, open_time
):
    client.post("/topics/data-structures/register/")
    appointment = open_time(creator, topic)
    client.post(PATH)
    appointment.refresh_from_db()
    assert appointment.is_cancelled
    assert Topic.objects.count() == 0


def test_staff_delete_too(staff, sign_in, topic):
    assert sign_in(staff).post(PATH).status_code == 302
    assert Topic.objects.count() == 0


@pytest.mark.parametrize("person", ["stranger", "student", "ta"])
def test_others_may_not(request, sign_in, topic, person):
    client = sign_in(request.getfixturevalue(person))
    assert client.get(PATH).status_code == 403
    assert client.post(PATH).status_code == 403
    topic.refresh_from_db()
    assert not topic.is_archived


def test_an_unknown_topic_is_not_found(client, topic):
    assert client.get("/topics/nothing/delete/").status_code == 404
    assert client.post("/topics/nothing/delete/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_picture_goes_with_the_topic(client, topic, picture):
    client.post("/topics/data-structures/edit/", {"name": "Data Structures", "image": picture()})
    topic.refresh_from_db()
    client.post(PATH)
    assert not default_storage.exists(topic.image.name)
