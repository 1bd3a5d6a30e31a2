"""Nothing is lost, shown twice or out of order: dropped frames, cut sockets, killed servers, no
Redis."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Page, WebSocket, WebSocketRoute, expect

from chat.models import Message
from chat.tests.servers import Daphne, Redis
from setahub.tests.browser.test_messages import bubbles, write


class Wire:
    """The page's sockets, in the hands of the test."""

    def __init__(self, page: Page) -> None:
        self.open: list[WebSocketRoute] = []
        self.cut_off = False
        self.drops: Callable[[dict[str, Any]], bool] = lambda frame: False
        page.route_web_socket(re.compile("/ws/$"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.cut_off:
            return socket.close(code=1013)

        def give(text: str | bytes) -> None:
            if not self.drops(json.loads(text)):
                socket.send(text)

        socket.connect_to_server().on_message(give)
        self.open.append(socket)

    def cut(self) -> None:
        while self.open:
            self.open.pop().close(code=1011)


def later(page: Page, sockets: list[WebSocket], done: Callable[[], bool]) -> None:
    """Moves the page's clock on, from one ping to the next, until it is so."""
    late = time.monotonic() + 60
    while not done():
        assert time.monotonic() < late
        # A leap of the clock may look like a long silence: then the page opens another socket.
        with (
            suppress(Error),
            sockets[-1].expect_event("framereceived", lambda frame: "pong" in frame, timeout=5000),
        ):
            page.clock.fast_forward(26_000)


@pytest.fixture
def page(open_page, student):
    return open_page(student)


@pytest.fixture
def wire(page):
    return Wire(page)


def connected(page, other):
    page.goto(f"/messages/{other.pk}/")
    expect(page.locator("[data-presence]")).to_have_text("Offline")


def test_a_frame_that_was_dropped_is_fetched_with_the_next_one(page, wire, say, student, ta):
    say(student, ta, "0")
    page.goto(f"/messages/{ta.pk}/")
    wire.drops = lambda frame: frame["type"] == "message" and frame["text"] in ("1", "2")
    write(page, "1")
    expect(page.locator(".chat-pending")).to_have_count(0)  # acknowledged, then fetched
    say(ta, student, "2")
    say(ta, student, "3")
    expect(bubbles(page)).to_have_text(["0", "1", "2", "3"])


def test_a_cut_socket_comes_back_and_what_was_missed_is_shown_once_in_order(
    page,
    wire,
    say,
    student,
    ta,
):
    say(student, ta, "0")
    connected(page, ta)
    wire.cut_off = True
    wire.cut()
    for number in "12":
        say(ta, student, number)
    write(page, "3")  # by form, while there is no socket
    expect(bubbles(page)).to_have_text(["0", "1", "2", "3"])
    expect(page.locator(".chat-pending")).to_have_count(0)
    say(ta, student, "4")
    wire.cut_off = False
    expect(bubbles(page)).to_have_text(["0", "1", "2", "3", "4"])
    write(page, "5")
    expect(page.locator(".chat-pending")).to_have_count(0)
    say(ta, student, "6")
    expect(bubbles(page)).to_have_text(["0", "1", "2", "3", "4", "5", "6"])


def test_a_message_that_failed_survives_a_reload_and_is_sent_once_when_asked(
    page,
    wire,
    say,
    student,
    ta,
):
    say(student, ta, "0")
    wire.cut_off = True
    page.route(
        f"**/messages/{ta.pk}/",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    page.goto(f"/messages/{ta.pk}/")
    write(page, "Lost?\n  No.")
    failed = page.locator(".chat-failed")
    expect(failed).to_contain_text("the server can't be reached")
    page.reload()
    expect(failed.locator(".chat-text")).to_have_text("Lost?\n  No.")
    failed.get_by_role("button", name="Try again").click()
    expect(failed.get_by_role("button", name="Try again")).to_be_visible()
    assert Message.objects.count() == 1
    page.unroute_all()
    failed.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(0)
    expect(bubbles(page)).to_have_text(["0", "Lost?\n  No."])
    page.reload()
    expect(bubbles(page)).to_have_text(["0", "Lost?\n  No."])
    expect(page.locator(".chat-pending")).to_have_count(0)
    assert Message.objects.count() == 2


def test_a_server_that_is_killed_and_started_again_loses_nothing(
    open_page,
    transactional_db,
    say,
    student,
    ta,
):
    say(student, ta, "0")
    with Daphne().start() as server:
        mine, theirs = open_page(student, url=server.url), open_page(ta, url=server.url)
        mine.goto(f"/messages/{ta.pk}/")
        theirs.goto(f"/messages/{student.pk}/")
        expect(mine.locator("[data-presence]")).to_have_text("Online")
        write(mine, "1")
        expect(bubbles(theirs)).to_have_text(["0", "1"])
        server.kill()
        write(mine, "2")
        expect(mine.locator(".chat-failed")).to_contain_text("the server can't be reached")
        say(ta, student, "3")
        server.start()
        # It goes by itself when the server is back.
        expect(bubbles(mine)).to_have_text(["0", "1", "3", "2"])
        expect(bubbles(theirs)).to_have_text(["0", "1", "3", "2"])
        write(theirs, "4")
        expect(bubbles(mine)).to_have_text(["0", "1", "3", "2", "4"])
        expect(mine.locator(".chat-pending")).to_have_count(0)
    assert Message.objects.count() == 5


def test_without_redis_the_page_says_so_polls_and_is_live_again_by_itself(
    open_page,
    transactional_db,
    say,
    student,
    ta,
):
    say(student, ta, "0")
    with Redis().start() as redis, Daphne(redis.url).start() as server:
        mine, theirs = open_page(student, url=server.url), open_page(ta, url=server.url)
        mine.clock.install()
        sockets: list[WebSocket] = []
        mine.on("websocket", lambda socket: sockets.append(socket))
        mine.goto(f"/messages/{ta.pk}/")
        theirs.goto(f"/messages/{student.pk}/")
        expect(mine.locator("[data-presence]")).to_have_text("Online")
        write(theirs, "1")
        # A busy machine may lose the frame; the next ping finds it out.
        expect(bubbles(mine)).to_have_text(["0", "1"], timeout=60_000)
        redis.stop()
        paused = mine.locator("[data-paused]")
        expect(paused).to_be_hidden()
        later(mine, sockets, paused.is_visible)
        write(theirs, "2")
        write(mine, "3")
        expect(mine.locator(".chat-pending")).to_have_count(0)
        later(mine, sockets, lambda: bubbles(mine).count() == 4)
        expect(bubbles(mine)).to_have_text(["0", "1", "2", "3"])
        expect(paused).to_be_visible()
        redis.start()
        later(mine, sockets, paused.is_hidden)
        write(theirs, "4")
        later(mine, sockets, lambda: bubbles(mine).count() == 5)
        expect(bubbles(mine)).to_have_text(["0", "1", "2", "3", "4"])
