"""Pictures that people send: how many, while the decoder is busy, and while the disk is full."""

import errno
import json
import uuid
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Message
from chat.tests.pictures import photo
from setahub.core import images
from setahub.core.storage import StorageAway
from topics.models import Topic

BROKEN = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


@pytest.fixture
def client(sign_in, student):
    return sign_in(student)


@pytest.fixture
def decoded(monkeypatch):
    """How many pictures were decoded."""
    done = []
    decode = images._decoded
    monkeypatch.setattr(images, "_decoded", lambda *args: done.append(1) or decode(*args))
    return done


def broken():
    return SimpleUploadedFile("me.png", BROKEN, "image/png")


def message(client, ta, upload, client_id="", text="Look"):
    sent = {"text": text, "image": upload, "client_id": client_id or str(uuid.uuid4())}
    return client.post(f"/messages/{ta.pk}/", sent, headers={"Accept": "application/json"})


# --- Too many -----------------------------------------------------------------------------------


def test_pictures_of_profile_and_topics_are_counted_together_and_before_they_are_decoded(
    client, settings, decoded, topic
):
    settings.PICTURES_IN_TEN_MINUTES = 4
    for _time in range(2):
        assert client.post("/users/me/avatar/", {"avatar": broken()}).status_code == 422
    form = {"name": "Databases", "description": "SQL and more"}
    for _time in range(2):
        assert client.post("/topics/new/", form | {"image": broken()}).status_code == 422
    assert len(decoded) == 4

    refused = client.post("/topics/new/", form | {"image": photo()})

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    assert "many pictures. Please try again in 10 minutes." in refused.content.decode()
    assert "SQL and more" in refused.content.decode()
    again = client.post("/users/me/avatar/", {"avatar": photo()})
    assert (again.status_code, again.headers["Retry-After"]) == (429, "600")
    assert len(decoded) == 4
    assert not Topic.objects.filter(name="Databases").exists()
    # What has no picture has nothing to do with it.
    assert client.post("/topics/new/", form).status_code == 302


def test_each_person_has_a_count_of_their_own(client, settings, sign_in, ta):
    settings.PICTURES_IN_TEN_MINUTES = 1
    assert client.post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 302
    assert client.post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 429
    assert sign_in(ta).post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 302


def test_the_count_begins_anew_after_ten_minutes(client, settings, clock):
    settings.PICTURES_IN_TEN_MINUTES = 1
    assert client.post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 302
    clock.shift(601)
    assert client.post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 302


def test_pictures_of_messages_are_counted_before_they_are_decoded(client, settings, ta, decoded):
    settings.MESSAGE_IMAGES_PER_MINUTE = 2
    assert message(client, ta, broken()).status_code == 422
    assert message(client, ta, photo(40, 40)).status_code == 201
    refused = message(client, ta, photo(40, 40))
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert len(decoded) == 2


def test_a_picture_that_is_sent_again_is_neither_counted_nor_decoded(client, settings, ta, decoded):
    settings.MESSAGE_IMAGES_PER_MINUTE = 1
    name = str(uuid.uuid4())
    first = message(client, ta, photo(40, 40), name)
    again = message(client, ta, photo(40, 40), name)
    assert (again.status_code, again.json()) == (201, first.json())
    other = message(client, ta, photo(50, 50), name)
    assert (other.status_code, other.json()["code"]) == (422, "invalid")
    assert len(decoded) == 1


def test_whom_one_may_not_write_to_costs_no_decoding(client, stranger, decoded):
    assert message(client, stranger, photo(40, 40)).status_code == 403
    assert decoded == []


# --- The decoder is busy ------------------------------------------------------------------------


@pytest.fixture
def _busy(monkeypatch):
    monkeypatch.setattr(images, "WAIT", 0.01)
    with images._decoding:
        yield


@pytest.mark.usefixtures("_busy")
def test_while_the_decoder_is_busy_forms_say_so_and_keep_what_was_typed(client, ta):
    form = {"name": "Databases", "description": "SQL and more", "image": photo(40, 40)}
    for address, data, typed in (
        ("/topics/new/", form, "SQL and more"),
        ("/users/me/avatar/", {"avatar": photo(40, 40)}, ""),
        (f"/messages/{ta.pk}/", {"text": "Look at this", "image": photo(40, 40)}, "Look at this"),
    ):
        response = client.post(address, data)
        assert (address, response.status_code) == (address, 503)
        assert response.headers["Retry-After"] == "5"
        assert "Many pictures are coming in right now" in response.content.decode()
        assert typed in response.content.decode()


@pytest.mark.usefixtures("_busy")
def test_while_the_decoder_is_busy_json_stays_json(client, ta):
    name = str(uuid.uuid4())
    response = message(client, ta, photo(40, 40), name)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.json() == {
        "type": "error",
        "code": "unavailable",
        "detail": "Many pictures are coming in right now. Please try again in a moment.",
        "client_id": name,
    }


# --- The disk is full ---------------------------------------------------------------------------


@pytest.fixture
def _full(monkeypatch):
    """A disk that takes the first bytes of a file and no more."""

    def chunks(content):
        yield b"RIFF"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ContentFile, "chunks", chunks)


def stored(settings) -> list[str]:
    return [each.name for each in Path(settings.MEDIA_ROOT).rglob("*") if each.is_file()]


@pytest.mark.usefixtures("_full")
def test_on_a_full_disk_forms_say_so_keep_what_was_typed_and_leave_nothing(
    client, ta, settings, student
):
    form = {"name": "Databases", "description": "SQL and more", "image": photo(40, 40)}
    for address, data, typed in (
        ("/topics/new/", form, "SQL and more"),
        ("/users/me/avatar/", {"avatar": photo(40, 40)}, ""),
        (f"/messages/{ta.pk}/", {"text": "Look at this", "image": photo(40, 40)}, "Look at this"),
    ):
        response = client.post(address, data)
        assert (address, response.status_code) == (address, 503)
        assert "Pictures can&#x27;t be stored right now" in response.content.decode()
        assert typed in response.content.decode()
    assert stored(settings) == []
    assert not Message.objects.exists()
    student.refresh_from_db()
    assert student.avatar.name == ""


@pytest.mark.usefixtures("_full")
def test_on_a_full_disk_json_stays_json(client, ta):
    response = message(client, ta, photo(40, 40))
    assert (response.status_code, json.loads(response.content)["code"]) == (503, "unavailable")


def test_a_picture_that_replaces_another_leaves_it_when_the_disk_is_full(
    client, settings, request, student, topic, sign_in, creator
):
    own = sign_in(creator)
    form = {"name": topic.name, "description": "", "image": photo(40, 40)}
    assert client.post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 302
    assert own.post(f"/topics/{topic.slug}/edit/", form).status_code == 302
    before = sorted(stored(settings))
    assert len(before) == 2
    request.getfixturevalue("_full")
    form["image"] = photo(40, 40)
    assert client.post("/users/me/avatar/", {"avatar": photo(40, 40)}).status_code == 503
    assert own.post(f"/topics/{topic.slug}/edit/", form).status_code == 503
    assert sorted(stored(settings)) == before


@pytest.mark.usefixtures("_full")
def test_a_file_that_was_not_written_as_a_whole_has_no_name(settings):
    with pytest.raises(StorageAway) as refused:
        default_storage.save("topics/a.webp", ContentFile(b"x"))
    assert refused.value.errno == errno.ENOSPC
    assert stored(settings) == []


def test_an_outage_of_the_disk_elsewhere_is_a_503_in_words(client, monkeypatch):
    def full(request):
        raise OSError(errno.ENOSPC, "No space left on device")

    client.raise_request_exception = False
    monkeypatch.setattr("setahub.site.views.Dashboard.of", full)
    response = client.get("/")
    assert response.status_code == 503
    assert "Nothing can be saved right now" in response.content.decode()
