import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from topics.models import Topic
from topics.services import archive_topic


@pytest.fixture
def client(stranger, sign_in):
    return sign_in(stranger)


def errors(response):
    return {field: list(texts) for field, texts in response.context["form"].errors.items()}


def test_a_visitor_signs_in_first(db):
    response = Client().post("/topics/new/", {"name": "Trees"})
    assert response.url == "/auth/login/?next=/topics/new/"
    assert Topic.objects.count() == 0


def test_anybody_signed_in_creates_a_topic(client, stranger):
    assert client.get("/topics/new/").status_code == 200
    response = client.post(
        "/topics/new/", {"name": "  คณิตศาสตร์ ", "description": "Sets\r\nand logic"}
    )
    assert response.status_code == 302
    topic = Topic.objects.get()
    assert response.url == f"/topics/{topic.slug}/"
    assert (topic.name, topic.description) == ("คณิตศาสตร์", "Sets\nand logic")
    assert (topic.slug, topic.creator) == ("khnitsastr", stranger)
    assert client.get(response.url).status_code == 200


def test_a_first_year_may_create_too(student, sign_in):
    assert sign_in(student).post("/topics/new/", {"name": "Help me"}).status_code == 302


def test_c_and_its_relatives_have_addresses_of_their_own(client):
    for name in ("C", "C++", "C#"):
        assert client.post("/topics/new/", {"name": name}).status_code == 302
    assert list(Topic.objects.order_by("pk").values_list("slug", flat=True)) == [
        "c",
        "c-plus-plus",
        "c-sharp",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Give the topic a name."),
        ("   ", "Give the topic a name."),
        ("\u200b\u200b", "Give the topic a name."),
        ("Tre\0es", "Null characters are not allowed."),
        ("Tre\x07es", "This name has characters that can't be shown."),
        ("x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_a_name_that_is_none_is_refused_and_what_was_typed_stays(client, name, words):
    response = client.post("/topics/new/", {"name": name, "description": "Kept words"})
    assert response.status_code == 422
    assert errors(response) == {"name": [words]}
    assert "Kept words" in response.content.decode()
    assert Topic.objects.count() == 0


def test_nul_in_the_description_is_refused(client):
    response = client.post("/topics/new/", {"name": "Trees", "description": "a\0b"})
    assert response.status_code == 422
    assert errors(response) == {"description": ["Null characters are not allowed."]}


def test_a_name_is_one_line_with_single_spaces(client):
    client.post("/topics/new/", {"name": "Data \t\n Structures"})
    assert Topic.objects.get().name == "Data Structures"


def test_ends_of_lines_count_once_towards_the_length_of_a_description(client):
    lines = "x\r\n" * 1000
    assert client.post("/topics/new/", {"name": "A", "description": lines}).status_code == 302
    response = client.post("/topics/new/", {"name": "B", "description": "x" * 2001})
    assert response.status_code == 422


def test_a_taken_name_is_refused_beside_the_field(client, topic):
    response = client.post("/topics/new/", {"name": "dATA STRUCTURES"})
    assert response.status_code == 422
    assert errors(response) == {"name": ["A topic with this name exists already."]}
    assert 'aria-invalid="true"' in response.content.decode()


def test_the_name_of_an_archived_topic_is_refused_with_the_way_out(client, topic, creator):
    archive_topic(topic, creator)
    response = client.post("/topics/new/", {"name": "Data Structures"})
    assert response.status_code == 422
    assert errors(response) == {
        "name": ["An archived topic has this name already. Ask the staff to restore it."]
    }


def test_an_uploaded_picture_is_made_anew_at_most_1280_wide(client, picture):
    client.post("/topics/new/", {"name": "Trees", "image": picture(2000, 1000)})
    name = Topic.objects.get().image.name
    assert name.startswith("topics/")
    assert name.endswith(".webp")
    assert "photo" not in name
    with default_storage.open(name) as stored, Image.open(stored) as image:
        assert (image.format, image.size) == ("WEBP", (1280, 640))
    assert f'src="/media/{name}"' in client.get("/topics/trees/").content.decode()
    assert f'src="/media/{name}"' in client.get("/topics/").content.decode()


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"\x89PNG\r\n\x1a\nbroken"]
)
def test_what_is_no_picture_is_refused(client, content):
    upload = SimpleUploadedFile("x.png", content, "image/png")
    response = client.post("/topics/new/", {"name": "Trees", "image": upload})
    assert response.status_code == 422
    assert list(errors(response)) == ["image"]
    assert Topic.objects.count() == 0


def test_a_refused_topic_leaves_no_file_behind(client, topic, picture):
    client.post("/topics/new/", {"name": "data structures", "image": picture()})
    assert not default_storage.exists("topics") or default_storage.listdir("topics") == ([], [])


def test_a_lost_race_leaves_no_file_behind(client, topic, picture, monkeypatch):
    seen = iter([None, None])  # it is asked for twice before anything is stored
    honest = Topic.objects.named_like
    monkeypatch.setattr(
        type(Topic.objects), "named_like", lambda self, other: next(seen, honest(other))
    )
    response = client.post("/topics/new/", {"name": "data structures", "image": picture()})
    assert response.status_code == 422
    assert default_storage.listdir("topics") == ([], [])


def test_a_form_needs_its_token(stranger):
    client = Client(enforce_csrf_checks=True)
    client.force_login(stranger)
    assert client.post("/topics/new/", {"name": "Trees"}).status_code == 403
