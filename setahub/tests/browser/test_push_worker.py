"""What the service worker shows of a push, in a real Chromium; it comes by the browser's own tools."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.tests.push.conftest import with_key  # noqa: F401
from setahub.tests.browser.test_installed import visit

pytestmark = pytest.mark.whole_browser

SHOWN = """async () => {
  const shown = await self.registration.getNotifications();
  return shown.map(({ title, body, tag, data }) => ({ title, body, tag, url: data.url }));
}"""

WINDOWS = "async () => (await self.clients.matchAll({ includeUncontrolled: true })).length"


def shown_by(page: Page, title: str) -> list[dict[str, str]]:
    """What the worker shows, once this is among it."""
    [worker] = page.context.service_workers
    for _try in range(200):
        found: list[dict[str, str]] = worker.evaluate(SHOWN)
        if any(each["title"] == title for each in found):
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"{title} is not shown: {found}")


@pytest.fixture(autouse=True)
def _key(with_key: None) -> None:  # noqa: F811
    """The site can push."""


@pytest.fixture
def page(open_page: Any, student: Any, site: Any) -> Page:
    """A page of the student's with the site's worker, where notifications are allowed."""
    opened: Page = open_page(student, worker=True)
    opened.context.grant_permissions(["notifications"], origin=site.url)
    visit(opened)
    return opened


@pytest.fixture
def deliver(page: Page, site: Any) -> Callable[[str], None]:
    """``deliver(text)``: a push with this in it comes to the browser."""
    tools = page.context.new_cdp_session(page)
    registrations: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(
            each["registrationId"] for each in event["registrations"] if not each["isDeleted"]
        ),
    )
    tools.send("ServiceWorker.enable")
    while not registrations:
        page.wait_for_timeout(50)

    def send(text: str) -> None:
        sent = {"origin": site.url, "registrationId": registrations[-1], "data": text}
        tools.send("ServiceWorker.deliverPushMessage", sent)

    return send


def told(title: str = "Mali booked you", url: str = "/notifications/7/") -> str:
    return json.dumps({"title": title, "time": "Mon 23 Nov, 09:00", "url": url})


def look_away(page: Page) -> None:
    """At no page of the site: a test's browser takes every page for one that is looked at."""
    page.goto("about:blank")
    [worker] = page.context.service_workers
    for _try in range(200):
        if not worker.evaluate(WINDOWS):  # it hears of that a moment later
            return
        page.wait_for_timeout(50)
    raise AssertionError("The page is still there for the worker.")


def test_title_and_time_and_where_it_leads(page, deliver):
    look_away(page)
    deliver(told())
    assert shown_by(page, "Mali booked you") == [
        {
            "title": "Mali booked you",
            "body": "Mon 23 Nov, 09:00",
            "tag": "/notifications/7/",
            "url": "/notifications/7/",
        }
    ]


def test_what_leads_to_the_same_takes_the_place_of_what_came_before(page, deliver):
    look_away(page)
    for title, url in (("One", "/messages/7/"), ("Two", "/messages/7/"), ("Three", "/messages/8/")):
        deliver(told(title, url))
        shown = shown_by(page, title)  # one after the other: two at once may end in either order
    assert sorted(each["title"] for each in shown) == ["Three", "Two"]


# Taps are the browser's own, and only in them may a worker open anything: what it asks for is noted.
TAP = """async () => {
  const asked = [];
  self.clients.openWindow = async (url) => asked.push(`open ${url}`);
  self.WindowClient.prototype.focus = async function () { asked.push(`focus ${this.url}`); };
  const [notification] = await self.registration.getNotifications();
  const tap = new NotificationEvent("notificationclick", { notification });
  let done;
  tap.waitUntil = (promise) => { done = promise; };
  self.dispatchEvent(tap);
  await done;
  return [asked, (await self.registration.getNotifications()).length];
}"""


def test_a_tap_opens_where_it_leads_or_comes_back_to_the_tab_that_shows_it(page, deliver, site):
    look_away(page)
    deliver(told(url="/notifications/7/"))
    shown_by(page, "Mali booked you")
    [worker] = page.context.service_workers
    assert worker.evaluate(TAP) == [[f"open {site.url}/notifications/7/"], 0]
    deliver(told("Mali wrote", "/help/"))
    shown_by(page, "Mali wrote")
    for path in ("/topics/", "/help/"):
        tab = page.context.new_page()
        tab.goto(path)
    assert worker.evaluate(TAP) == [[f"focus {site.url}/help/"], 0]


def test_a_tap_leads_to_no_other_site(page, deliver):
    look_away(page)
    deliver(told(url="https://elsewhere.example/"))
    shown_by(page, "Mali booked you")
    [worker] = page.context.service_workers
    assert worker.evaluate(TAP) == [[], 0]


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "null"])
def test_what_can_t_be_read_leads_to_the_list(page, deliver, text):
    look_away(page)
    deliver(text)
    assert [shown["url"] for shown in shown_by(page, "SETAHub")] == ["/notifications/"]


def test_who_looks_at_the_site_is_told_by_the_page_alone(page, deliver):
    deliver(told("Seen"))
    [worker] = page.context.service_workers
    assert worker.evaluate(SHOWN) == []
    look_away(page)
    deliver(told("Unseen", "/notifications/8/"))
    assert [each["title"] for each in shown_by(page, "Unseen")] == ["Unseen"]


def test_whoever_signs_out_leaves_nothing_that_is_shown(page, deliver):
    look_away(page)
    deliver(told())
    shown_by(page, "Mali booked you")
    visit(page)
    page.locator("[data-sign-out]").first.evaluate("form => form.requestSubmit()")
    page.wait_for_url(re.compile("/$"))
    [worker] = page.context.service_workers
    for _try in range(100):
        if worker.evaluate(SHOWN) == []:
            return
        page.wait_for_timeout(50)
    raise AssertionError(worker.evaluate(SHOWN))


def test_who_cannot_reach_a_push_service_is_told_so(open_context, student, site):
    context = open_context(student, worker=True)
    context.grant_permissions(["notifications"], origin=site.url)
    page = context.new_page()  # in whose console the browser tells why
    visit(page, "/users/me/notifications/")
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.locator("[data-push-said]:visible")).to_have_text(
        re.compile("this browser can't reach its push service now"), timeout=40_000
    )
    expect(page.get_by_role("button", name="Tell me on this device")).to_be_enabled()
