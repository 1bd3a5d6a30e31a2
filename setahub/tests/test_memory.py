"""What a process keeps of the requests and sockets that it has dealt with: nothing."""

import gc
import logging
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.forms import BaseForm
from django.http.response import HttpResponseBase
from django.template import Context
from django.test import AsyncClient, Client

from chat.tests.pictures import photo
from chat.tests.tabs import Tab
from scheduling.tests.factories import book, open_time, slots_of

ROUNDS = 4
PASSING = (
    WSGIRequest, ASGIRequest, HttpResponseBase, BaseException, TracebackType, BaseForm, Context,
    SimpleUploadedFile,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_log_kept() -> Iterator[None]:
    """pytest keeps what is logged for its report, and with a refusal its request."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def alive() -> Counter[str]:
    """How many there are of what ends with its request."""
    gc.collect()
    # Not isinstance: a lazy user would be asked what it is.
    kinds = [type(each) for each in gc.get_objects()]
    return Counter(kind.__qualname__ for kind in kinds if issubclass(kind, PASSING))


def requests_of(slot, full, booking, topic, ta) -> list[tuple[str, str, dict[str, Any], int]]:
    """Pages, refusals, forms with mistakes and uploads: method, address, what is sent, status."""
    return [
        ("get", "/", {}, 200),
        ("get", "/topics/?q=data", {}, 200),
        ("get", f"/topics/{topic.slug}/", {}, 200),
        ("get", f"/users/{ta.pk}/timeslots/", {}, 200),
        ("get", f"/bookings/new/?slot={full.pk}&topic={topic.slug}", {}, 409),
        ("get", f"/bookings/new/?slot={slot.pk}&topic={topic.slug}", {}, 409),
        ("post", "/bookings/new/", {"slot": full.pk, "topic": topic.pk, "question": "?"}, 409),
        ("post", "/bookings/new/", {"slot": slot.pk, "topic": topic.pk, "question": "?"}, 409),
        ("post", "/bookings/new/", {"slot": slot.pk, "topic": topic.pk, "question": ""}, 422),
        ("get", f"/bookings/{booking.pk}/", {}, 200),
        ("post", f"/bookings/{booking.pk}/complete/", {}, 403),
        ("post", f"/bookings/{booking.pk}/reschedule/", {"slot": full.pk}, 409),
        ("post", f"/bookings/{booking.pk}/cancel/", {"reason": "x" * 5000}, 422),
        ("get", "/bookings/999999/", {}, 404),
        ("get", "/nowhere/", {}, 404),
        ("post", "/appointments/new/", {}, 403),
        ("post", f"/messages/{ta.pk}/", {"text": ""}, 422),
        ("post", "/messages/999999/", {"text": "Hello"}, 404),
        ("post", f"/messages/{ta.pk}/", {"image": photo(300, 200)}, 302),
        ("post", f"/messages/{ta.pk}/", {"image": SimpleUploadedFile("a.png", b"no")}, 422),
        ("post", "/users/me/avatar/", {"avatar": photo(300, 200)}, 302),
        ("post", "/users/me/avatar/", {"avatar": SimpleUploadedFile("a.png", b"no")}, 422),
        ("post", "/topics/new/", {"name": topic.name, "image": photo(300, 200)}, 422),
        ("post", "/users/me/edit/", {"username": ""}, 422),
        ("put", "/bookings/", {}, 405),
    ]


def test_of_100_requests_of_all_kinds_nothing_is_kept(
    settings, student, ta, topic, make_user, sign_in
):
    settings.RATE_LIMITS = False
    slot, full, *_rest = slots_of(open_time(ta, topic, capacity=2))
    booking = book(student, slot, topic)
    for name in ("one", "two"):
        book(make_user(name), full, topic)
    client = sign_in(student)
    todo = requests_of(slot, full, booking, topic, ta)
    before: Counter[str] = Counter()
    for number in range(1 + ROUNDS):
        for method, address, data, status in todo:
            for value in data.values():
                if isinstance(value, SimpleUploadedFile):
                    value.seek(0)
            response = getattr(client, method)(address, data)
            assert (address, response.status_code) == (address, status)
        del response, value
        if number == 0:
            before = alive()  # what is made once: compiled templates, messages of validators
    assert alive() - before == Counter()


@pytest.mark.django_db(transaction=True)
async def test_of_pages_under_asgi_nothing_is_kept(student):
    client = AsyncClient()
    await client.aforce_login(student)
    before: Counter[str] = Counter()
    for number in range(1 + ROUNDS):
        for address in ("/", "/topics/", "/nowhere/", "/bookings/999999/"):
            await client.get(address)
        if number == 0:
            before = alive()
    kept = alive() - before
    # The thread of the last one may not have come to its end.
    assert kept[ASGIRequest.__qualname__] <= 1 >= kept["HttpResponse"]


@pytest.mark.django_db(transaction=True)
async def test_of_sockets_that_came_and_went_nothing_is_kept(student, ta):
    async def visit():
        tab = await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        await tab.send_to(text_data="nonsense")
        await tab.say("ping")
        await tab.next("pong")
        await tab.disconnect()

    await visit()
    before = sockets()
    for _visit in range(ROUNDS):
        await visit()
    assert sockets() == before


def sockets() -> int:
    gc.collect()
    return sum(type(each).__name__ == "TabConsumer" for each in gc.get_objects())


def test_a_mistake_in_a_form_leaves_nothing_behind(client: Client, db):
    before: Counter[str] = Counter()
    for number in range(ROUNDS):
        client.post("/auth/signup/", {"username": "", "email": "x", "password1": "1"})
        if number == 0:
            before = alive()
    assert (alive() - before)[ValidationError.__qualname__] == 0
