"""A real browser against a real server."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import User
from chat.tests.conftest import say  # noqa: F401  (a fixture of these tests, too)
from conftest import chromium

# Playwright's own event loop runs in this thread; the ORM calls of these tests are meant.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = chromium()
# The root conftest says so in one line.
collect_ignore_glob = [] if CHROMIUM or os.environ.get("CI") else ["test_*.py"]

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong

# What was refused on purpose, a network that was cut on purpose, and (a busy machine answers late)
# a preview that the next one took the place of.
EXPECTED = re.compile(
    r"status of 4|Status Error Code 4|net::ERR_|WebSocket connection to"
    r"|htmx:(?:sendAbort|afterRequest),"
)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}


def pytest_collection_modifyitems(items: list[Any]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[[str], Browser]]:
    """``launch(path)``: that browser, started once for all tests."""
    started: dict[str, Browser] = {}
    with sync_playwright() as playwright:

        def launched(path: str) -> Browser:
            if path not in started:
                started[path] = playwright.chromium.launch(
                    executable_path=path, args=["--no-sandbox"]
                )
            return started[path]

        yield launched
        for browser in started.values():
            browser.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest, launch: Callable[[str], Browser]) -> Browser:
    """Chromium's headless shell, where there is one: it takes half of the processor time. It has no
    push, no installed apps and no pages kept for "back": ``whole_browser`` marks what needs them."""
    if CHROMIUM is None:
        pytest.fail("Chromium is missing, and in CI no test may be left out.")
    whole = request.node.get_closest_marker("whole_browser")
    return launch(CHROMIUM if whole else shutil.which("chromium-headless-shell") or CHROMIUM)


@dataclass(frozen=True)
class Site:
    """Where the site is served."""

    url: str


@pytest.fixture(scope="session")
def _server(django_db_setup: Any) -> Iterator[Site]:
    """Daphne with pages and sockets, in a thread of this process: mail, settings and the frozen
    clock are the test's own. Its event loop can run once only, hence one for all tests."""
    from daphne.server import Server
    from twisted.internet import reactor

    from setahub.asgi import application

    class Reporting(Server):
        def listen_success(self, port: Any) -> None:
            super().listen_success(port)
            listening.set()

    listening = threading.Event()
    server = Reporting(
        application, ["tcp:0:interface=127.0.0.1"], signal_handlers=False, verbosity=0
    )
    thread = threading.Thread(target=server.run, name="site", daemon=True)
    thread.start()
    assert listening.wait(30), "the site doesn't listen"
    _host, port = server.listening_addresses[0]
    yield Site(f"http://localhost:{port}")  # browsers refuse passkeys at a bare address
    reactor.callFromThread(reactor.stop)
    thread.join(20)


@pytest.fixture
def site(_server: Site, transactional_db: Any) -> Site:
    """The site, on the test's database."""
    return _server


@pytest.fixture
def open_context(browser: Browser, site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """``open_context(user, phone=True, dark=True, javascript=False)``: a browser signed in.

    Without a service worker unless ``worker=True``: what a test answers in the site's place
    (``page.route``) does not reach requests that go through one.
    """
    contexts = []

    def make(
        user: User | None = None,
        *,
        phone: bool = False,
        dark: bool = False,
        javascript: bool = True,
        worker: bool = False,
        url: str = site.url,
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            locale="en-GB",
            reduced_motion="reduce",
            service_workers="allow" if worker else "block",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies([session_cookie(user, url)])
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(open_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """A page whose console must stay clean: no script error, nothing that the CSP refused."""
    complaints: list[str] = []

    def make(user: User | None = None, **shape: Any) -> Page:
        page = open_context(user, **shape).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and not EXPECTED.search(message.text)
                else None
            ),
        )
        return page

    yield make
    assert complaints == []


def session_cookie(user: User, url: str) -> Any:
    """What a sign-in leaves in the browser."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}
