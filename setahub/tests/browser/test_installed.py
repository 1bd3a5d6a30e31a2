"""The installed app in Chromium: pages that the network doesn't bring, a new version of the worker, and a
site whose worker is broken or not there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from conftest import chromium
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.site import middleware
from setahub.site.installed import worker
from setahub.tests.browser.conftest import Site, session_cookie
from topics.models import Topic

pytestmark = pytest.mark.whole_browser

ROOM = "https://meet.example/secret-room"
KEPT = """async () => {
  const kept = await caches.match('/offline/', { cacheName: 'setahub-private', ignoreVary: true });
  return kept ? kept.text() : '';
}"""
ALL_KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    const keys = await (await caches.open(name)).keys();
    found[name] = keys.map((each) => new URL(each.url).pathname).sort();
  }
  return found;
}"""


def until(page: Page, script: str, wanted: Any = True) -> Any:
    """What the script gives, once that is as wanted (True: anything but nothing)."""
    for _try in range(200):
        found = page.evaluate(script)
        if (bool(found) is wanted) if isinstance(wanted, bool) else found == wanted:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"{script} gave {found!r}")


def visit(page: Page, path: str = "/help/") -> None:
    """Open a page that the worker has a hand in."""
    page.goto(path)
    until(page, "Boolean(navigator.serviceWorker.controller)")


@pytest.fixture(autouse=True)
def _made_anew() -> Iterator[None]:
    worker._script.cache_clear()
    yield
    worker._script.cache_clear()


@pytest.fixture
def booked(student, ta, topic):
    return book(student, slots_of(open_time(ta, topic))[0], topic, "Why so deep?")


def offline(context: BrowserContext, page: Page, path: str = "/topics/") -> Page:
    """The page, asked for without a network."""
    context.set_offline(True)
    page.goto(path)
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    return page


# --- Without a network ----------------------------------------------------------------------------


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_without_a_network_the_next_bookings_stand_there_as_last_seen(
    open_page, student, ta, booked, topic, phone
):
    book(student, slots_of(open_time(ta, topic, start="18:00", end="19:00", location=ROOM))[0])
    page = open_page(student, phone=phone, worker=True)
    visit(page)
    until(page, KEPT)
    offline(page.context, page)
    expect(page.get_by_text("Data Structures with น้ำฝน").first).to_be_visible()
    expect(page.get_by_text("Room 504")).to_be_visible()
    expect(page.get_by_text("As last seen:")).to_be_visible()
    expect(page.get_by_text("It is over.")).to_have_count(2)
    expect(page.get_by_text("It is over.").first).to_be_hidden()
    # With its styles and scripts, and under its own policy.
    assert (
        page.locator(".card").first.evaluate("card => getComputedStyle(card).borderRadius") != "0px"
    )
    for secret in ("Why so deep?", "meet.example"):
        assert secret not in page.content()
        assert secret not in page.evaluate(KEPT)
    # Without scripts too, the button asks for the page that was wanted.
    assert page.get_by_role("link", name="Reload").evaluate("link => link.href") == page.url
    page.get_by_role("link", name="Reload").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    assert page.url.endswith("/topics/")


def test_it_goes_on_by_itself_once_the_network_is_back(open_page, student, booked):
    page = open_page(student, worker=True)
    visit(page)
    until(page, KEPT)
    offline(page.context, page, "/bookings/")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="No connection")).to_have_count(0)
    expect(page).to_have_url(re.compile("/bookings/$"))


def test_what_is_over_by_then_says_so(open_page, student, booked):
    page = open_page(student, worker=True)
    visit(page)
    until(page, KEPT)
    page.context.set_offline(True)
    page.add_init_script("{ const now = Date.now; Date.now = () => now() + 7 * 24 * 3600 * 1000; }")
    page.goto("/bookings/")
    expect(page.get_by_text("It is over.")).to_be_visible()


def test_a_visitor_is_told_in_their_language_that_there_is_no_network(open_page, site):
    page = open_page(worker=True)
    page.context.add_cookies([{"name": "language", "value": "th", "url": site.url}])
    visit(page)
    until(
        page,
        "caches.match('/offline/').then((kept) => kept?.headers.get('Content-Language'))",
        "th",
    )
    page.context.set_offline(True)
    page.goto("/help/")
    assert page.locator("html").get_attribute("lang") == "th"
    assert page.locator("[data-booking-id]").count() == 0


def test_what_changes_is_there_with_the_next_page(open_page, student, booked):
    page = open_page(student, worker=True)
    visit(page, f"/bookings/{booked.pk}/cancel/")
    assert "data-booking-id" in until(page, KEPT)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/bookings/{booked.pk}/")
    for _try in range(200):
        if "data-booking-id" not in page.evaluate(KEPT):
            break
        page.wait_for_timeout(50)
    offline(page.context, page)
    expect(page.get_by_text("Nothing was booked.")).to_be_visible()


def test_what_others_change_is_there_with_its_notice(open_page, student, ta, booked):
    page = open_page(student, worker=True)
    visit(page)
    assert "data-booking-id" in until(page, KEPT)
    expect(page.locator("[data-paused]")).to_be_hidden()
    page.wait_for_timeout(500)  # the socket
    bookings.cancel(booked, ta, "I am ill")
    expect(page.locator("[data-toasts]")).to_contain_text("Data Structures")
    for _try in range(200):
        if "data-booking-id" not in page.evaluate(KEPT):
            break
        page.wait_for_timeout(50)
    assert "data-booking-id" not in page.evaluate(KEPT)


# --- What goes its own way ------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What the site was asked for, by method and path."""
    lines: list[str] = []

    class Log:
        def info(self, _text: str, method: str, path: str, *_rest: Any) -> None:
            lines.append(f"{method} {path}")

    monkeypatch.setattr(middleware, "access_logger", Log())
    return lines


def test_pages_come_from_the_site_each_time_and_once(open_page, student, topic, asked):
    page = open_page(student, worker=True)
    visit(page)
    until(page, KEPT)
    for name in ("Trees", "Graphs"):
        Topic.objects.filter(pk=topic.pk).update(name=name)
        asked.clear()
        page.goto(f"/topics/{topic.slug}/")
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert asked.count(f"GET /topics/{topic.slug}/") == 1


def test_no_page_waits_for_the_worker_to_ask_for_it(open_page, student, booked, asked):
    page = open_page(student, worker=True)
    visit(page)
    until(page, KEPT)
    [running] = page.context.service_workers
    running.evaluate("() => { self.fetch = () => Promise.reject(new TypeError('not needed')); }")
    asked.clear()
    for path in ("/topics/", "/bookings/", "/users/me/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("No connection")
        assert asked.count(f"GET {path}") == 1
    # Kept is what was, and nothing else.
    kept = page.evaluate(ALL_KEPT)
    assert [kept[name] for name in kept if "private" in name] == [["/offline/"]]
    offline(page.context, page)


def test_downloads_feeds_and_pages_of_staff_are_asked_for_once(open_page, staff, ta, topic, asked):
    made = book(staff, slots_of(open_time(ta, topic))[0])
    page = open_page(staff, worker=True)
    visit(page)
    until(page, KEPT)
    asked.clear()
    page.goto("/admin/")
    expect(page.get_by_role("heading").first).to_be_visible()
    assert asked.count("GET /admin/") == 1
    visit(page)
    asked.clear()
    feed = f"/bookings/{made.pk}/calendar.ics"
    with page.expect_download() as download:
        page.evaluate("path => { location.href = path; }", feed)
    assert download.value.suggested_filename.endswith(".ics")
    assert asked.count(f"GET {feed}") == 1


def test_only_files_of_its_list_are_kept_and_of_one_version(open_page, student, booked):
    page = open_page(student, worker=True)
    for path in ("/help/", "/topics/", "/messages/", "/admin/", "/bookings/"):
        visit(page, "/help/")
        page.goto(path)
    until(page, KEPT)
    kept = page.evaluate(ALL_KEPT)
    shell, private = sorted(kept, reverse=True)
    assert re.fullmatch("setahub-shell-[0-9a-f]{16}", shell)
    assert kept[private] == ["/offline/"]
    files = [*worker.FILES, *worker._sheets()]
    assert kept[shell] == sorted(["/offline/", *(f"/static/{name}" for name in files)])


# --- A new version, a broken one, none --------------------------------------------------------------


def test_a_new_version_takes_over_with_nothing_of_the_old(open_page, student, booked, monkeypatch):
    page = open_page(student, worker=True)
    visit(page)
    until(page, KEPT)
    [before] = [name for name in page.evaluate(ALL_KEPT) if "shell" in name]
    contents = worker._contents
    monkeypatch.setattr(worker, "_contents", lambda name: contents(name) + b"/* another */")
    page.goto("/topics/")
    until(
        page,
        "navigator.serviceWorker.getRegistration().then((each) => each.update()).then(() => true)",
    )
    until(page, f"caches.has('{before}')", wanted=False)
    # With the page open: it need not be loaded anew for the next bookings to be there again.
    until(page, KEPT)
    assert len(page.evaluate(ALL_KEPT)) == 2
    offline(page.context, page)
    expect(page.get_by_text("Room 504")).to_be_visible()


@pytest.mark.parametrize(
    "script",
    ["throw new Error('broken');", "this is no script", "importScripts('/static/sw/none.js');"],
)
def test_a_worker_that_is_broken_changes_nothing(open_page, student, monkeypatch, script):
    monkeypatch.setattr(worker, "script", lambda: script)
    page = open_page(student, worker=True)
    for path in ("/", "/topics/", "/messages/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("navigator.serviceWorker.controller") is None
    assert page.evaluate("caches.keys()") == []


def test_one_that_throws_at_every_request_is_replaced_by_the_next(open_page, student, monkeypatch):
    whole = worker.script
    throws = "addEventListener('fetch', () => { throw new Error('broken'); });"
    monkeypatch.setattr(
        worker, "script", lambda: f"{throws} addEventListener('activate', () => clients.claim());"
    )
    page = open_page(student, worker=True)
    visit(page)
    page.goto("/topics/")
    expect(page.get_by_role("heading", name="Topics").first).to_be_visible()
    monkeypatch.setattr(worker, "script", whole)
    until(
        page,
        "navigator.serviceWorker.getRegistration().then((each) => each.update()).then(() => true)",
    )
    until(page, KEPT)


def test_a_site_that_wants_none_any_more_takes_it_away(open_page, student, booked, settings):
    page = open_page(student, worker=True)
    visit(page)
    until(page, KEPT)
    settings.SERVICE_WORKER = False
    page.goto("/topics/")
    until(
        page,
        "navigator.serviceWorker.getRegistration().then((each) => each?.update()).then(() => true)",
    )
    until(page, "caches.keys().then((names) => names.length === 0)")
    page.goto("/topics/")
    expect(page.get_by_role("heading", name="Topics").first).to_be_visible()


# --- Installing -----------------------------------------------------------------------------------


@pytest.fixture
def profile(browser, site: Site, tmp_path) -> Iterator[BrowserContext]:
    """A browser with a profile: in a private window nothing can be installed."""
    context = browser.browser_type.launch_persistent_context(
        str(tmp_path / "profile"),
        executable_path=chromium(),
        args=["--no-sandbox"],
        base_url=site.url,
        locale="en-GB",
    )
    yield context
    context.close()


@pytest.mark.parametrize("signed_in", [True, False])
def test_chromium_finds_nothing_that_keeps_it_from_being_installed(
    profile, site, student, signed_in
):
    if signed_in:
        profile.add_cookies([session_cookie(student, site.url)])
    page = profile.new_page()
    page.goto("/")
    until(page, "Boolean(navigator.serviceWorker.controller)")
    devtools = profile.new_cdp_session(page)
    found = devtools.send("Page.getAppManifest")
    assert found["url"] == f"{site.url}/manifest.webmanifest"
    assert found["errors"] == []
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    assert devtools.send("Page.getAppId")["appId"] == f"{site.url}/"
