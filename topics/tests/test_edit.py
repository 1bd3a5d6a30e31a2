import pytest
from django.core.files.storage import default_storage
from django.test import Client

from topics.models import Topic
from topics.services import create_topic


@pytest.fixture
def client(creator, sign_in):
    return sign_in(creator)


def save(client, **fields):
    return client.post(
        "/topics/data-structures/edit/", {"name": "Data Structures", "description": "", **fields}
    )


def test_a_visitor_signs_in_first(topic):
    assert Client().get("/topics/data-structures/edit/").url.startswith("/auth/login/")


def test_the_form_shows_the_topic_as_it_is(client, topic):
    Topic.objects.update(description="Lists & trees")
    html = client.get("/topics/data-structures/edit/").content.decode()
    assert 'value="Data Structures"' in html
    assert "Lists &amp; trees" in html


def test_its_creator_renames_it_and_the_address_stays(client, topic):
    response = save(client, name="Trees", description="Red and black")
    assert response.status_code == 302
    assert response.url == "/topics/data-structures/"
    topic.refresh_from_db()
    assert (topic.name, topic.description) == ("Trees", "Red and black")


def test_staff_change_it_too(staff, sign_in, topic):
    assert save(sign_in(staff), name="Trees").status_code == 302


@pytest.mark.parametrize("person", ["stranger", "student", "ta"])
def test_others_may_not(request, sign_in, topic, person):
    client = sign_in(request.getfixturevalue(person))
    response = client.get("/topics/data-structures/edit/")
    assert response.status_code == 403
    assert "Only who created this topic" in response.content.decode()
    assert save(client, name="Mine").status_code == 403
    topic.refresh_from_db()
    assert topic.name == "Data Structures"


def test_an_unknown_topic_is_not_found(client, topic):
    assert client.get("/topics/nothing/edit/").status_code == 404
    assert client.post("/topics/nothing/edit/", {"name": "X"}).status_code == 404


def test_a_taken_name_is_refused_and_what_was_typed_stays(client, creator, topic):
    create_topic(creator, "Trees")
    response = save(client, name="TREES", description="Typed")
    assert response.status_code == 422
    assert response.context["form"].errors == {"name": ["A topic with this name exists already."]}
    assert "Typed" in response.content.decode()


def test_an_empty_name_is_refused(client, topic):
    assert save(client, name=" ").status_code == 422


@pytest.fixture
def stored(client, topic, picture):
    save(client, image=picture())
    topic.refresh_from_db()
    return topic.image.name


@pytest.mark.django_db(transaction=True)
def test_saving_without_a_picture_keeps_the_old_one(client, topic, stored):
    save(client, name="Trees")
    topic.refresh_from_db()
    assert topic.image.name == stored
    assert default_storage.exists(stored)


@pytest.mark.django_db(transaction=True)
def test_a_new_picture_replaces_the_old_file(client, topic, stored, picture):
    save(client, image=picture(60, 30))
    topic.refresh_from_db()
    assert topic.image.name != stored
    assert default_storage.listdir("topics")[1] == [topic.image.name.removeprefix("topics/")]


@pytest.mark.django_db(transaction=True)
def test_a_picture_can_be_taken_off(client, topic, stored):
    save(client, remove_image="on")
    topic.refresh_from_db()
    assert topic.image.name == ""
    assert not default_storage.exists(stored)


@pytest.mark.django_db(transaction=True)
def test_a_refused_change_keeps_the_old_picture_and_no_new_one(
    client, creator, topic, stored, picture
):
    create_topic(creator, "Trees")
    assert save(client, name="trees", image=picture(60, 30)).status_code == 422
    assert default_storage.listdir("topics")[1] == [stored.removeprefix("topics/")]


def test_a_name_that_stands_stays_until_it_is_changed(client, creator, topic):
    taken = create_topic(creator, "Dаta Structures")  # with a Cyrillic а
    Topic.objects.filter(pk=topic.pk).update(name="Dаta  Structures", name_key="dаta structures  2")
    assert save(client, name="Dаta Structures ", description="New").status_code == 302
    topic.refresh_from_db()
    assert (topic.description, topic.name_key) == ("New", "dаta structures  2")
    assert taken.name_key == "dаta structures"
    assert save(client, name="dаta structures").status_code == 422


@pytest.mark.parametrize(
    "name", ["Ｄata Structures 2", "Data\u200b Structures 2", "Data\u00a0\u00a0structures 2"]
)
def test_a_name_that_reads_like_anothers_is_taken(client, creator, topic, name):
    create_topic(creator, "Data Structures 2")
    assert save(client, name=name).status_code in (409, 422)


@pytest.mark.parametrize("name", ["Dаta", "a" + "\u0300" * 30, "\u2800", "a\u202eb", "a\u200fb"])
def test_a_name_that_does_not_show_as_it_is_is_refused(client, topic, name):
    assert save(client, name=name).status_code == 422
