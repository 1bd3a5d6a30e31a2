"""One's data is sent while it is read: many pictures take no more memory than one."""

import http.client
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.test import AsyncClient, Client

from accounts.services import privacy
from accounts.tests.test_signing_in import login
from chat.models import Conversation, Message
from chat.tests.servers import Daphne
from setahub.core.server import bounds
from setahub.tests.test_bounds import memory


def test_many_pictures_need_no_more_memory_than_one():
    content = b"x" * (2 * 1024 * 1024)
    name = default_storage.save("chat/large.webp", ContentFile(content))

    def peak(count):
        pictures = [(f"{number}.webp", FieldFile(None, field, name)) for number in range(count)]
        tracemalloc.start()
        size = sum(len(chunk) for chunk in privacy._zip({}, pictures))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size > count * len(content)
        return most

    field = Message._meta.get_field("image")
    assert peak(1) < 2 * 1024 * 1024
    assert peak(20) < 1.2 * peak(1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("error")
def test_under_asgi_the_archive_is_sent_while_it_is_made(student):
    student.avatar.save("x.webp", ContentFile(b"f" * (privacy.CHUNK + 1)))
    browser, client = Client(), AsyncClient()
    login(browser, student.email)
    client.cookies = browser.cookies

    async def read():
        response = await client.get("/users/me/data/")
        assert response.is_async
        return [chunk async for chunk in response.streaming_content]

    chunks = async_to_sync(read)()
    assert len(chunks) == 4  # the texts, the picture in two, and what is where
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.testzip() is None
    assert len(archive.read("pictures/profile.webp")) == privacy.CHUNK + 1


PICTURES, SIZE = 50, 4_000_000  # 200 MB


@pytest.fixture
def cookie(student, ta) -> str:
    """Of somebody who has sent 200 MB of pictures, and signed in a moment ago."""
    content = os.urandom(SIZE)
    names = [default_storage.save(f"{n}.webp", ContentFile(content)) for n in range(PICTURES)]
    low, high = sorted([student, ta], key=lambda person: person.pk)
    conversation = Conversation.objects.create(low=low, high=high)
    Message.objects.bulk_create(
        Message(conversation=conversation, sender=student, kind="image", image=name)
        for name in names
    )
    browser = Client()
    login(browser, student.email)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def ask_for_data(server: Daphne, cookie: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/users/me/data/", headers={"Cookie": cookie})
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (200, "application/zip")
    return response


def take(response: http.client.HTTPResponse, path: Path) -> zipfile.ZipFile:
    with path.open("wb") as file:
        while block := response.read(1_000_000):
            file.write(block)
    return zipfile.ZipFile(path)


@pytest.mark.django_db(transaction=True)
def test_200_mb_of_pictures_are_sent_as_they_are_read_also_to_who_does_not_read(cookie, tmp_path):
    with Daphne().start() as server:
        before = memory(server)
        slow = ask_for_data(server, cookie)
        quick = take(ask_for_data(server, cookie), tmp_path / "quick.zip")
        assert memory(server, "VmHWM") - before < 60_000  # KB, at most, in the course of it
        late = take(slow, tmp_path / "slow.zip")
        assert memory(server, "VmHWM") - before < 60_000
    for archive in (quick, late):
        pictures = [each for each in archive.infolist() if each.filename.startswith("pictures/")]
        assert [each.file_size for each in pictures] == [SIZE] * PICTURES
        assert archive.testzip() is None


def test_who_never_reads_is_given_up(monkeypatch):
    monkeypatch.setattr(bounds, "READ_WITHIN", 0.01)
    reader = bounds.Reader()
    assert async_to_sync(reader.reads)()
    reader.pauseProducing()
    assert not async_to_sync(reader.reads)()
    reader.stopProducing()
    assert async_to_sync(reader.reads)()
