import pytest
from django.core import signing
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
    assert "Only its creator and staff can change this topic" in response.content.decode()
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


class TestInTwoTabs:
    """What was changed in one of them stays when the other is saved."""

    @pytest.fixture
    def tab(self, client, topic, open_tab):
        """A form as it is open now: saves what is typed into it, and gives the answer."""
        Topic.objects.update(description="Lists")

        return lambda: open_tab(client, "/topics/data-structures/edit/")

    def stored(self):
        return Topic.objects.values_list("name", "description").get()

    def test_each_saves_what_was_changed_in_it(self, tab):
        first, second = tab(), tab()
        assert first(name="Trees").status_code == 302
        assert second(description="Lists and heaps").status_code == 302
        assert self.stored() == ("Trees", "Lists and heaps")

    def test_the_same_change_twice_is_fine(self, tab):
        first, second = tab(), tab()
        assert first(name="Trees").status_code == 302
        assert second(name="Trees").status_code == 302
        assert self.stored() == ("Trees", "Lists")

    def test_two_values_are_both_shown_and_nothing_typed_is_lost(self, tab):
        first, second = tab(), tab()
        first(name="Trees", description="Red and black")
        refused = second(name="Graphs")
        assert refused.status_code == 409
        html = refused.content.decode()
        assert "Meanwhile this was changed to “Trees”. Save again to keep yours." in html
        form = refused.context["form"]
        assert (form["name"].value(), form["description"].value()) == ("Graphs", "Red and black")
        assert self.stored() == ("Trees", "Red and black")

    def test_sent_again_it_is_saved(self, client, tab):
        first, second = tab(), tab()
        first(name="Trees", description="Red and black")
        refused = second(name="Graphs")
        again = {field.name: field.value() or "" for field in refused.context["form"]}
        assert client.post("/topics/data-structures/edit/", again).status_code == 302
        assert self.stored() == ("Graphs", "Red and black")

    def test_a_picture_stays_and_two_are_said(self, tab, picture):
        first, second, third = tab(), tab(), tab()
        assert first(image=picture()).status_code == 302
        assert second(description="Heaps").status_code == 302
        stored = Topic.objects.get().image.name
        assert stored
        refused = third(image=picture())
        assert refused.status_code == 409
        assert "changed to “another picture”" in refused.content.decode()
        assert Topic.objects.get().image.name == stored

    def test_without_a_base_or_with_a_forged_one_everything_counts(self, client, topic, tab):
        for base in ({}, {"base": "x"}, {"base": signing.dumps({"name": "Data Structures"})}):
            Topic.objects.update(name="Trees", description="Red")
            assert save(client, **base).status_code == 302
            assert self.stored() == ("Data Structures", "")

    def test_the_base_of_another_topic_is_none(self, client, creator, tab):
        other = create_topic(creator, "Heaps")
        base = client.get(f"/topics/{other.slug}/edit/").context["form"]["base"].value()
        assert save(client, name="Trees", base=base).status_code == 302
        assert Topic.objects.get(slug="data-structures").description == ""

    def test_sent_twice_it_is_saved_once(self, client, tab):
        first = tab()
        assert [first(name="Trees").status_code for _time in range(2)] == [302, 302]
        assert self.stored() == ("Trees", "Lists")

    def test_what_was_stored_before_a_rule_is_no_change(self, tab):
        Topic.objects.update(name="SЕT  up", description=" Lists\r\n")
        first, second = tab(), tab()
        first(name="Trees", description="Heaps")
        assert second().status_code == 302
        assert self.stored() == ("Trees", "Heaps")
