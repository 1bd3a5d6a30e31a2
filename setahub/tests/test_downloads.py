"""One's data is sent while it is read: many pictures take no more memory than one."""

import io
import tracemalloc
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.test import AsyncClient, Client

from accounts import privacy
from accounts.tests.test_signing_in import login
from chat.models import Message


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
    student.avatar.save("x.webp", ContentFile(b"f" * (privacy.BLOCK + 1)))
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
    assert len(archive.read("pictures/profile.webp")) == privacy.BLOCK + 1
