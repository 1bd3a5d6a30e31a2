"""A crowd at one moment waits for its turn; each page is made in one go on one thread."""

import asyncio
import contextvars
import errno
import threading
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished, request_started
from django.http import HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.test import AsyncRequestFactory
from django.urls import path

from setahub.core.outage import trouble
from setahub.core.server import threads
from setahub.core.server.threads import GatedHandler


@pytest.fixture(autouse=True)
def _site(settings):
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = "setahub.tests.test_gate"


def test_so_many_pages_are_made_at_once_and_all_others_after_them():
    asyncio.run(crowd(GatedHandler(3), "/page/", 12))
    assert Room.most == 3
    assert Room.served == 12


def test_whether_it_is_ready_does_not_wait_for_pages():
    handler, leave = GatedHandler(1), threading.Event()
    handler._pages.submit(leave.wait)
    try:
        assert asyncio.run(crowd(handler, "/readyz", 1)) == [200]
    finally:
        leave.set()


def test_whether_it_is_alive_needs_no_thread():
    sent: list[dict[str, Any]] = []

    async def ask(scope):
        async def send(message):
            sent.append(message)

        await GatedHandler(1)(scope, None, send)

    Room.threads.clear()
    asyncio.run(ask(AsyncRequestFactory().get("/healthz").scope))
    begin, body = sent
    assert (begin["status"], body["body"]) == (200, b"")
    assert Room.threads == {threading.current_thread().name}


def test_a_body_that_there_is_no_room_for_is_read_to_its_end_and_told_to_the_page(monkeypatch):
    pieces = [
        {"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)
    ]

    async def full(_handler, receive):
        await receive()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ASGIHandler, "read_body", full)

    async def receive():
        return pieces.pop(0)

    body = asyncio.run(GatedHandler(1).read_body(receive))
    assert pieces == []
    request = AsyncRequestFactory().post("/")
    request._stream = body
    with pytest.raises(UnreadablePostError) as caught:
        request.read()
    assert trouble(caught.value) == "full"


def test_a_page_has_the_context_of_its_request_and_a_thread_that_stays():
    Room.threads.clear()
    Room.marks.clear()
    asyncio.run(crowd(GatedHandler(2), "/who/", 8))
    assert Room.threads <= {"page_0", "page_1"}
    assert Room.marks == {"of this request"}


def test_a_thread_gives_its_connection_back(monkeypatch):
    """It would keep one of the few for good: nobody closes it from another thread."""
    closed = []
    monkeypatch.setattr(
        threads, "close_old_connections", lambda: closed.append(threading.current_thread().name)
    )
    asyncio.run(crowd(GatedHandler(1), "/who/", 2))
    assert closed == ["page_0", "page_0"]


def test_django_hears_of_a_page_on_the_thread_that_makes_it():
    told: list[tuple[str, str]] = []

    def tell(name):
        def receiver(**_said):
            told.append((name, threading.current_thread().name))

        return receiver

    begun, ended = tell("begun"), tell("ended")
    request_started.connect(begun)
    request_finished.connect(ended)
    try:
        begin, _body = asyncio.run(visit(GatedHandler(1), "/who/"))
    finally:
        request_started.disconnect(begun)
        request_finished.disconnect(ended)
    assert begin["status"] == 200
    assert told == [("begun", "page_0"), ("ended", "page_0")]


def test_what_is_streamed_is_closed_when_it_was_sent():
    Room.closed.clear()
    _begin, *parts = asyncio.run(visit(GatedHandler(1), "/parts/"))
    assert [part["body"] for part in parts if "body" in part] == [b"one", b"two"]
    assert Room.closed == [True]


def test_no_page_is_made_for_a_browser_that_left_while_it_waited():
    handler, leave = GatedHandler(1), threading.Event()

    async def go():
        said = [{"type": "http.request"}, {"type": "http.disconnect"}]

        async def receive():
            return said.pop(0)

        scope = AsyncRequestFactory().get("/who/").scope
        await asyncio.wait_for(handler.handle(scope, receive, None), 10)

    Room.threads.clear()
    handler._pages.submit(leave.wait)
    try:
        asyncio.run(go())
    finally:
        leave.set()
    handler._pages.shutdown()
    assert Room.threads == set()


def test_a_page_that_fails_is_answered():
    handler = GatedHandler(1)
    assert asyncio.run(crowd(handler, "/none/", 1)) == [404]
    assert asyncio.run(crowd(handler, "/who/", 1)) == [200]


async def crowd(handler: GatedHandler, address: str, size: int) -> list[int]:
    request = AsyncRequestFactory().get
    mark.set("of this request")
    responses = await asyncio.gather(
        *(handler.get_response_async(request(address)) for _ in range(size))
    )
    return [response.status_code for response in responses]


async def visit(handler: GatedHandler, address: str) -> list[dict[str, Any]]:
    """What is sent to a browser that stays."""
    sent: list[dict[str, Any]] = []
    said = [{"type": "http.request"}]

    async def receive():
        return said.pop() if said else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await handler(dict(AsyncRequestFactory().get(address).scope), receive, send)
    return sent


mark = contextvars.ContextVar("mark", default="nobody's")


class Room:
    """Where the pages of this test are made: how many at once, how many in all, on what threads."""

    inside = most = served = 0
    door = threading.Lock()
    three = threading.Barrier(3, timeout=10)
    threads: set[str] = set()
    marks: set[str] = set()
    closed: list[bool] = []


def page(request):
    with Room.door:
        Room.inside += 1
        Room.most = max(Room.most, Room.inside)
    Room.three.wait()  # breaks when fewer than three are let in
    with Room.door:
        Room.inside -= 1
        Room.served += 1
    return HttpResponse()


def who(request):
    Room.threads.add(threading.current_thread().name)
    Room.marks.add(mark.get())
    return HttpResponse()


class Parts:
    """Two parts, sent one after the other."""

    async def __aiter__(self):
        yield b"one"
        assert Room.closed == []
        yield b"two"

    def close(self):
        Room.closed.append(True)


def parts(request):
    return StreamingHttpResponse(Parts())


urlpatterns = [
    path("page/", page),
    path("healthz", who),
    path("readyz", who),
    path("who/", who),
    path("parts/", parts),
]
