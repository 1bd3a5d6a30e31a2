"""A page believes only the site's own answers, made for its own person, and asks again for others."""

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from accounts.models import User
from chat import services
from chat.models import Message
from chat.queries.conversations import unread_counts
from setahub.tests.browser.conftest import session_cookie
from setahub.tests.browser.test_messages import bubbles, picture, write

PORTAL = "<!doctype html><title>Welcome to Free WiFi</title><form><input name=room></form>"


class Portal:
    """A network that answers with its own page, as often as it is told to."""

    def __init__(self, page: Page, pattern: str, method: str = "") -> None:
        self.left = 0
        self.met = 0
        self.method = method
        page.route(re.compile(pattern), self._answer)

    def _answer(self, route: Route) -> None:
        if self.left <= 0 or self.method not in ("", route.request.method):
            return route.fallback()
        self.left -= 1
        self.met += 1
        route.fulfill(status=200, content_type="text/html", body=PORTAL)


@pytest.fixture
def page(open_page, student):
    return open_page(student)


def refuse_sockets(page: Page) -> None:
    page.route_web_socket(re.compile("/ws/$"), lambda socket: socket.close(code=1013))


def hang_sockets(page: Page) -> None:
    """Handshakes that neither open nor close."""
    page.add_init_script(
        """
        const Real = window.WebSocket;
        window.WebSocket = class extends EventTarget {
          constructor(address) {
            super();
            if (!window.hanging) return new Real(address);
            window.tries = (window.tries ?? 0) + 1;
            this.readyState = 0;
          }
          close() {}
          send() {}
        };
        Object.assign(window.WebSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
        window.hanging = true;
        """
    )


def test_a_foreign_answer_for_missed_messages_is_none_and_they_are_fetched_again(
    page, say, student, ta
):
    say(student, ta, "0")
    portal = Portal(page, r"/history/\?after=")
    drop = ["1"]

    def give(socket: WebSocketRoute) -> None:
        def hand_on(text: str | bytes) -> None:
            if not any(f'"text": "{each}"' in str(text) for each in drop):
                socket.send(text)

        socket.connect_to_server().on_message(hand_on)

    page.route_web_socket(re.compile("/ws/$"), give)
    with page.expect_response(
        re.compile(r"/history/\?after=")
    ):  # what it asks when it has connected
        page.goto(f"/messages/{ta.pk}/")
    expect(page.locator("[data-presence]")).to_have_text("Offline")
    portal.left = 2
    say(ta, student, "1")
    say(ta, student, "2")
    expect(bubbles(page)).to_have_text(["0", "1", "2"], timeout=40_000)
    assert portal.met == 2
    expect(page.get_by_text("Free WiFi")).to_have_count(0)


def test_a_foreign_answer_leaves_older_messages_to_be_loaded(page, settings, say, student, ta):
    settings.RATE_LIMITS = False
    for number in range(60):
        say(student, ta, f"Line {number}")
    portal = Portal(page, r"/history/\?before=")
    page.goto(f"/messages/{ta.pk}/")
    portal.left = 1
    page.locator("[data-older]").scroll_into_view_if_needed()
    page.mouse.move(800, 400)
    page.mouse.wheel(0, -300)
    expect(bubbles(page)).to_have_count(60, timeout=40_000)
    assert portal.met == 1


def test_a_message_sent_into_a_foreign_page_waits_and_goes_once(page, say, student, ta):
    say(student, ta, "0")
    refuse_sockets(page)
    portal = Portal(page, f"/messages/{ta.pk}/$", "POST")
    page.goto(f"/messages/{ta.pk}/")
    portal.left = 1
    write(page, "Are you there?")
    failed = page.locator(".chat-failed")
    expect(failed).to_contain_text("the server can't be reached")
    failed.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(0)
    expect(bubbles(page)).to_have_text(["0", "Are you there?"])
    page.locator("[name=image]").set_input_files(picture())
    portal.left = 1
    write(page, "Look")
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".chat-shot img")).to_have_count(1)
    assert Message.objects.filter(sender=student).count() == 3


def test_unread_counts_and_the_inbox_are_asked_for_again(page, say, student, ta):
    say(student, ta, "0")
    counts, inbox = Portal(page, "/messages/unread/$"), Portal(page, "/messages/$")
    refuse_sockets(page)
    page.goto("/messages/")
    counts.left = inbox.left = 1
    say(ta, student, "News")
    expect(page.locator("[data-preview]")).to_have_text("News", timeout=40_000)
    expect(page.locator(".nav [data-unread-total]")).to_have_attribute("data-unread-total", "1")
    assert (counts.met, inbox.met) == (1, 1)


def test_htmx_swaps_no_foreign_page_in_and_asks_again(page, topic):
    portal = Portal(page, r"/topics/\?q=")
    page.goto("/topics/")
    portal.left = 1
    page.locator("[type=search]").fill("nothing like it")
    expect(page.locator("[data-topic-slug]")).to_have_count(0, timeout=40_000)
    expect(page.locator("#topics")).not_to_contain_text("Free WiFi")
    assert portal.met == 1


def test_a_handshake_that_hangs_is_said_polled_around_and_given_up(page, say, student, ta):
    say(student, ta, "0")
    hang_sockets(page)
    page.goto(f"/messages/{ta.pk}/")
    expect(page.locator("[data-paused]")).to_contain_text("Live updates paused")
    say(ta, student, "1")
    expect(bubbles(page)).to_have_text(["0", "1"], timeout=40_000)
    write(page, "2")
    expect(bubbles(page)).to_have_text(["0", "1", "2"])
    page.evaluate("window.hanging = false")
    expect(page.locator("[data-paused]")).to_be_hidden(timeout=60_000)
    assert page.evaluate("window.tries") >= 1


def test_without_any_answer_the_page_says_that_it_tries_again(page, say, student, ta):
    say(student, ta, "0")
    refuse_sockets(page)
    page.goto(f"/messages/{ta.pk}/")
    page.route("**/messages/**", lambda route: route.abort())
    expect(page.locator("[data-unreachable]")).to_be_visible(timeout=40_000)
    page.unroute_all()
    expect(page.locator("[data-unreachable]")).to_be_hidden(timeout=40_000)
    expect(page.locator("[data-reachable]")).to_be_visible()


class TestOneTabTooMany:
    """The server closes with 4408: the tab comes back when it is looked at."""

    def test_it_waits_for_its_reader(self, page, say, student, ta):
        say(student, ta, "0")
        sockets: list[WebSocketRoute] = []

        def connect(socket: WebSocketRoute) -> None:
            socket.connect_to_server()
            sockets.append(socket)

        page.route_web_socket(re.compile("/ws/$"), connect)
        page.clock.install()
        page.goto(f"/messages/{ta.pk}/")
        expect(page.locator("[data-presence]")).to_have_text("Offline")
        sockets[0].close(code=4408)
        expect(page.locator("[data-presence]")).to_be_visible()
        page.clock.fast_forward(120_000)
        say(ta, student, "1")
        page.clock.fast_forward(20_000)
        expect(bubbles(page)).to_have_text(["0", "1"])  # a tab in sight still polls
        assert len(sockets) == 1
        page.evaluate("window.dispatchEvent(new Event('focus'))")
        expect(page.locator("[data-paused]")).to_be_hidden()
        assert len(sockets) == 2


class TestSessions:
    """Signed out, in again, or in as somebody else in another tab of the same browser."""

    def sign_in(self, page: Page, user: User | None) -> None:
        """As another tab does it: a new session and a new token of forms."""
        cookies = [each for each in page.context.cookies() if each["name"] == "language"]
        page.context.clear_cookies()
        if user is not None:
            url = page.evaluate("location.origin")
            token = {"name": "csrftoken", "value": "b" * 32, "url": url}
            page.context.add_cookies([session_cookie(user, url), token, *cookies])  # type: ignore[list-item]

    @pytest.fixture
    def away(self, page, say, student, ta):
        """The student's page of a conversation, without a socket."""
        say(student, ta, "0")
        refuse_sockets(page)
        page.goto(f"/messages/{ta.pk}/")
        return page

    def test_the_same_person_again_sends_with_a_fresh_token(self, away, student, ta):
        self.sign_in(away, student)
        write(away, "Here I am")
        expect(bubbles(away)).to_have_text(["0", "Here I am"])
        expect(away.locator(".chat-pending")).to_have_count(0)
        away.locator("[name=image]").set_input_files(picture())
        write(away, "And a picture")
        expect(away.locator(".chat-shot img")).to_have_count(1)

    def test_who_is_signed_out_is_told_so_keeps_the_words_and_sends_them_later(
        self, away, student, ta
    ):
        self.sign_in(away, None)
        write(away, "Here I am")
        failed = away.locator(".chat-failed")
        expect(failed).to_contain_text("you are signed out")
        expect(failed).to_contain_text("Here I am")
        link = away.locator("[data-signed-out] a")
        expect(link).to_have_attribute(
            "href", re.compile(rf"/auth/login/\?next=%2Fmessages%2F{ta.pk}%2F$")
        )
        self.sign_in(away, student)
        failed.get_by_role("button", name="Try again").click()
        expect(bubbles(away)).to_have_text(["0", "Here I am"])
        expect(away.locator("[data-signed-out]")).to_be_hidden()

    def test_nothing_is_sent_or_shown_as_somebody_else(self, away, say, student, ta, stranger):
        say(stranger, ta, "Mine alone")
        self.sign_in(away, stranger)
        write(away, "Words of the student")
        failed = away.locator(".chat-failed")
        expect(failed).to_contain_text("somebody else has signed in")
        expect(away.locator("[data-somebody-else]")).to_be_visible()
        failed.get_by_role("button", name="Try again").click()
        expect(failed).to_contain_text("somebody else has signed in")
        expect(away.get_by_text("Mine alone")).to_have_count(0)
        assert Message.objects.count() == 2

    def test_a_socket_of_somebody_else_is_not_used(self, page, say, student, ta, stranger):
        say(student, ta, "0")
        sockets: list[WebSocketRoute] = []

        def connect(socket: WebSocketRoute) -> None:
            socket.connect_to_server()
            sockets.append(socket)

        page.route_web_socket(re.compile("/ws/$"), connect)
        page.goto(f"/messages/{ta.pk}/")
        expect(page.locator("[data-presence]")).to_have_text("Offline")
        self.sign_in(page, stranger)
        sockets[-1].close(code=4403)
        expect(page.locator("[data-somebody-else]")).to_be_visible()
        write(page, "Words of the student")
        expect(page.locator(".chat-failed")).to_contain_text("somebody else has signed in")
        assert Message.objects.count() == 1


def test_back_to_the_inbox_shows_what_is_true_now(page, say, student, ta):
    """Also where the browser shows the page as it was, without asking."""
    say(student, ta, "0")
    say(ta, student, "Unread until now")
    page.goto("/messages/")
    old = page.request.get("/messages/")
    kept = old.text()
    expect(page.locator(".chat-conv.chat-unread")).to_have_count(1)
    page.goto(f"/messages/{ta.pk}/")
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
    assert sum(unread_counts(student.pk).values()) == 0
    services.send(student.pk, ta.pk, None, "My answer")
    refuse_sockets(page)
    once = [kept]

    def answer(route: Route) -> None:
        if route.request.resource_type == "document" and once:
            return route.fulfill(status=200, content_type="text/html", body=once.pop())
        route.fallback()

    page.route(re.compile("/messages/$"), answer)
    page.go_back()
    expect(page.locator("[data-preview]")).to_have_text("You: My answer")
    expect(page.locator(".chat-conv.chat-unread")).to_have_count(0)
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
    assert once == []


def test_back_to_the_dashboard_shows_what_is_true_now(page, say, student, ta):
    say(student, ta, "0")
    say(ta, student, "Unread until now")
    page.goto("/")
    once = [page.request.get("/").text()]
    expect(page.locator(".nav [data-unread-total]")).to_have_text("1 unread")
    page.goto(f"/messages/{ta.pk}/")
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
    services.send(student.pk, ta.pk, None, "My answer")
    refuse_sockets(page)

    def answer(route: Route) -> None:
        if route.request.resource_type == "document" and once:
            return route.fulfill(status=200, content_type="text/html", body=once.pop())
        route.fallback()

    page.route(re.compile("://[^/]+/$"), answer)
    page.go_back()
    expect(page.locator("[data-preview]")).to_have_text("You: My answer")
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
    assert once == []


def test_a_foreign_answer_is_no_passkey_and_the_button_works_again(open_page):
    page = open_page()
    portal = Portal(page, "/webauthn/login/")
    page.goto("/auth/login/")
    portal.left = 1
    button = page.get_by_role("button", name="Sign in with a passkey")
    button.click()
    trouble = page.locator("[data-passkey=login] [data-passkey-trouble]")
    expect(trouble).to_be_visible()
    assert trouble.inner_text().strip() == trouble.get_attribute("data-failed")
    expect(button).to_be_enabled()


def test_the_inbox_has_no_toast_for_what_it_shows(page, say, student, ta):
    say(student, ta, "0")
    page.goto("/messages/")
    expect(page.locator("[data-preview]")).to_have_text("You: 0")
    with page.expect_websocket() as socket:
        page.reload()
    socket.value.wait_for_event("framereceived", lambda frame: "pong" in frame)
    say(ta, student, "News")
    expect(page.locator("[data-preview]")).to_have_text("News")
    expect(page.locator(".chat-conv.chat-unread")).to_have_count(1)
    expect(page.locator("[data-toast-spoken]")).to_have_text("น้ำฝน: News")
    expect(page.locator(".toast")).to_have_count(0)
