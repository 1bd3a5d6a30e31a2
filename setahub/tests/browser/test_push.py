""" "Tell me on this device", in a browser whose push service is a stand-in: no test has a network."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PushSubscription
from accounts.tests.push.conftest import with_key  # noqa: F401
from accounts.tests.push.service import Browser
from setahub.core import vapid
from setahub.tests.browser.test_accessibility import violations

pytestmark = pytest.mark.whole_browser

PATH = "/users/me/notifications/"
# What the browser does where a push service answers; it remembers over pages, as a browser does.
STAND_IN = """
  const given = %s;
  const kept = () => JSON.parse(localStorage.getItem("stand-in"));
  const made = (kept) => kept && {
    endpoint: kept.endpoint,
    options: { applicationServerKey: Uint8Array.from(kept.key).buffer },
    toJSON: () => ({ ...given.shift(), endpoint: kept.endpoint }),
    unsubscribe: async () => localStorage.removeItem("stand-in") ?? true,
  };
  const registration = {
    active: { state: "activated", postMessage() {} },
    pushManager: {
      getSubscription: async () => made(kept()),
      subscribe: async ({ applicationServerKey }) => {
        const key = [...applicationServerKey];
        localStorage.setItem("stand-in", JSON.stringify({ endpoint: given[0].endpoint + key[5], key }));
        return made(kept());
      },
    },
  };
  Object.defineProperty(navigator.serviceWorker, "ready", { get: async () => registration });
  navigator.serviceWorker.getRegistration = async () => registration;
  window.asked = 0;
  const ask = Notification.requestPermission.bind(Notification);
  Notification.requestPermission = () => (window.asked += 1, ask());
"""


@pytest.fixture(autouse=True)
def _key(with_key: None) -> None:  # noqa: F811
    """The site can push."""


@pytest.fixture
def phone(open_page: Any, student: Any, site: Any) -> Page:
    """A page of the student's, where notifications are allowed."""
    page: Page = open_page(student, phone=True)
    page.context.grant_permissions(["notifications"], origin=site.url)
    given = [Browser().subscription for _ in range(9)]
    page.add_init_script(f"{{{STAND_IN % json.dumps(given)}}}")
    return page


def said(page: Page) -> Any:
    return page.locator("[data-push-said]:visible")


def tap(page: Page) -> None:
    page.goto(PATH)
    page.get_by_role("button", name="Tell me on this device").click()
    expect(said(page)).to_have_text("Done. This device shows what happens from now on.")


def kept(page: Page) -> Any:
    return page.evaluate("localStorage.getItem('setahub.push')")


def test_a_tap_is_all_it_takes(phone, student):
    phone.goto(PATH)
    button = phone.get_by_role("button", name="Tell me on this device")
    expect(button).to_be_visible()
    assert phone.evaluate("window.asked") == 0
    button.click()
    expect(said(phone)).to_have_text("Done. This device shows what happens from now on.")
    assert phone.evaluate("window.asked") == 1
    expect(button).to_be_hidden()
    expect(phone.locator("[data-push-devices]")).to_contain_text("Chrome on Linux")
    expect(phone.locator("[data-push-devices]")).to_contain_text("this device")
    assert PushSubscription.objects.get().user == student
    assert violations(phone) == []
    phone.reload()
    expect(button).to_be_hidden()


def test_it_is_taken_back_here(phone):
    tap(phone)
    phone.get_by_role("button", name="Remove").click()
    expect(phone.get_by_role("button", name="Tell me on this device")).to_be_visible()
    assert not PushSubscription.objects.exists()
    assert kept(phone) is None
    phone.wait_for_function("localStorage.getItem('stand-in') === null")


def test_any_page_renews_it_when_the_site_has_another_key(phone, settings):
    tap(phone)
    before = PushSubscription.objects.get()
    settings.VAPID_PRIVATE_KEY = vapid.new_key()
    with phone.expect_response("**/users/me/push/") as answered:
        phone.goto("/help/")
    assert answered.value.status == 201
    after = PushSubscription.objects.get()
    assert after.site_key == vapid.fingerprint(settings.VAPID_PRIVATE_KEY) != before.site_key
    assert after.endpoint in kept(phone)


def test_what_was_taken_back_elsewhere_is_not_renewed(phone, settings):
    tap(phone)
    PushSubscription.objects.all().delete()
    settings.VAPID_PRIVATE_KEY = vapid.new_key()
    with phone.expect_response("**/users/me/push/") as answered:
        phone.goto("/help/")
    assert answered.value.status == 404
    phone.wait_for_function("localStorage.getItem('setahub.push') === null")
    phone.wait_for_function("localStorage.getItem('stand-in') === null")
    assert not PushSubscription.objects.exists()


def test_it_ends_when_the_browser_allows_it_no_longer(phone):
    tap(phone)
    phone.context.clear_permissions()
    with phone.expect_response("**/users/me/push/") as answered:
        phone.goto("/help/")
    assert (answered.value.request.method, answered.value.status) == ("DELETE", 204)
    phone.wait_for_function("localStorage.getItem('setahub.push') === null")


def test_a_page_where_nothing_has_changed_asks_for_nothing(phone):
    tap(phone)
    asked = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto("/help/")
    phone.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith("/users/me/push/")]


def test_signing_out_ends_it(phone):
    tap(phone)
    phone.goto("/auth/logout/")
    phone.locator("main form button").click()
    phone.wait_for_url("**/")
    assert kept(phone) is None
    assert not PushSubscription.objects.exists()


def test_a_browser_that_blocks_it_is_told_so(open_page, student):
    page = open_page(student)
    page.goto(PATH)
    page.get_by_role("button", name="Tell me on this device").click()  # Chromium here says no
    expect(said(page)).to_contain_text("This browser blocks notifications of this site.")
    expect(page.get_by_role("button", name="Tell me on this device")).to_be_hidden()
    assert violations(page) == []


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "installed", "words"),
    [
        (IPHONE, False, "On an iPhone or iPad install the site first: tap Share"),
        (IPHONE, True, "This browser can't show notifications of this site."),
        ("Mozilla/5.0 (X11; Linux) Old/1", False, "This browser can't show notifications"),
    ],
)
def test_a_browser_that_can_t_is_told_why(open_page, student, agent, installed, words):
    page = open_page(student, phone=True)
    page.add_init_script(
        f"delete window.PushManager;"
        f"Object.defineProperty(navigator, 'userAgent', {{ value: {json.dumps(agent)} }});"
        f"Object.defineProperty(navigator, 'standalone', {{ value: {json.dumps(installed)} }});"
    )
    page.goto(PATH)
    expect(said(page)).to_contain_text(words)
    expect(page.get_by_role("button", name="Tell me on this device")).to_be_hidden()


def test_without_scripts_devices_are_still_removed(phone, open_page, student, sign_in):
    assert Browser().subscribe(sign_in(student)).status_code == 201
    page = open_page(student, javascript=False)
    page.goto(PATH)
    expect(page.get_by_role("button", name="Tell me on this device")).to_be_hidden()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No device yet.")).to_be_visible()
    assert not PushSubscription.objects.exists()
