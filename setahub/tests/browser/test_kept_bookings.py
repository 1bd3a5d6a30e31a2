"""What the service worker keeps of somebody's bookings is shown to nobody else, whatever ended their
session: one browser, several people, and a network that goes away at the worst moment."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from accounts.services import suspensions
from scheduling.tests.factories import book, open_time, slots_of
from setahub.tests.browser.conftest import session_cookie
from setahub.tests.browser.test_installed import KEPT, until, visit

MINE = "Room 504"
THEIRS = "Room 7"


@pytest.fixture
def booked(student, stranger, ta, topic):
    """A booking of the student's, and one of somebody else's in another room."""
    book(student, slots_of(open_time(ta, topic, location=MINE))[0])
    other = open_time(ta, topic, start="16:00", end="17:00", location=THEIRS)
    return book(stranger, slots_of(other)[0])


def enter(page: Page, user) -> None:
    page.goto("/auth/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", "pass-word-1")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/")


def kept_of(page: Page, user) -> None:
    """Wait until the user's bookings are kept."""
    for _try in range(200):
        if f'name="reader" content="{user.pk}"' in page.evaluate(KEPT):
            return
        page.wait_for_timeout(50)
    raise AssertionError("they are not kept")


def gone(page: Page) -> None:
    """Nothing is kept of anybody."""
    until(page, KEPT, wanted=False)
    assert page.evaluate("caches.has('setahub-private')") is False


def without_network(page: Page, path: str = "/bookings/") -> str:
    """What the page shows without a network, which stays away."""
    page.context.set_offline(True)
    page.goto(path)
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    return page.content()


def with_network(page: Page) -> None:
    """It is back, and the page that was wanted has come by itself."""
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="No connection")).to_have_count(0)


@pytest.fixture
def page(open_page, student, booked) -> Page:
    """The student has signed in; their bookings are kept."""
    page = open_page(worker=True)
    enter(page, student)
    visit(page)
    kept_of(page, student)
    assert MINE in without_network(page)
    with_network(page)
    return page


def sign_out(page: Page) -> None:
    page.locator(".bar [data-menu] summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign up").first.wait_for()


def test_signing_out_empties_it(page):
    sign_out(page)
    gone(page)
    assert MINE not in without_network(page)


def test_who_signs_in_next_has_their_own(page, stranger):
    sign_out(page)
    enter(page, stranger)
    kept_of(page, stranger)
    shown = without_network(page)
    assert THEIRS in shown
    assert MINE not in shown


def test_so_does_who_comes_without_a_sign_out_before(page, site, student, stranger):
    page.context.add_cookies([session_cookie(stranger, site.url)])
    page.goto("/help/")
    assert MINE not in page.evaluate(KEPT)
    kept_of(page, stranger)
    assert MINE not in without_network(page)
    with_network(page)
    page.context.add_cookies([session_cookie(student, site.url)])
    page.goto("/help/")
    assert THEIRS not in page.evaluate(KEPT)
    kept_of(page, student)
    assert THEIRS not in without_network(page)


@pytest.mark.parametrize("path", ["/bookings/", "/", "/help/", "/nothing/"])
def test_the_first_answer_after_a_session_has_ended_empties_it(page, path):
    Session.objects.all().delete()
    page.goto(path)
    gone(page)
    assert MINE not in without_network(page)


def test_a_suspended_user_s_open_page_empties_it_by_itself(page, student, staff):
    suspensions.suspend(student, actor=staff, cancel_bookings=False)
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    gone(page)
    assert MINE not in without_network(page)


def test_signing_out_in_another_tab_empties_it_for_all(page):
    other = page.context.new_page()
    other.goto("/topics/")
    sign_out(other)
    gone(page)
    for each in (page, other):
        assert MINE not in without_network(each)


def test_a_deleted_account_leaves_nothing(page, student):
    page.goto("/users/me/delete/")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("link", name="Sign up").first.wait_for()
    gone(page)
    assert MINE not in without_network(page)


def test_a_network_that_goes_with_the_sign_out_changes_nothing(page):
    """The site has answered the sign-out, and the page that it leads to never comes: only the cookie
    has its say, or the socket of the page, if that is faster."""
    page.evaluate(
        """async () => {
          const page = new DOMParser().parseFromString(await (await fetch('/help/')).text(), 'text/html');
          const form = page.querySelector('[data-sign-out]');
          await fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'manual' });
        }"""
    )
    assert MINE not in without_network(page)
    gone(page)


@pytest.mark.parametrize("value", ["0", "999999"])
def test_the_cookie_decides_where_no_page_has_come_since(page, site, value):
    page.context.add_cookies([{"name": "reader", "value": value, "url": site.url}])
    assert MINE not in without_network(page)
    gone(page)


def test_a_session_that_ended_with_the_browser_takes_it_along(page):
    page.context.clear_cookies()
    assert MINE not in without_network(page)
    gone(page)


def test_what_was_asked_for_before_it_was_emptied_is_not_put_back(page):
    """An answer that is on its way meanwhile comes too late."""
    page.evaluate("navigator.serviceWorker.controller.postMessage({ type: 'changed' })")
    page.evaluate("navigator.serviceWorker.controller.postMessage({ type: 'forget' })")
    page.wait_for_timeout(1000)
    gone(page)


def test_the_button_empties_it(page, student):
    page.goto("/users/me/sessions/")
    kept_of(page, student)
    page.evaluate("localStorage.setItem('setahub.draft.1', 'half a sentence')")
    page.get_by_role("button", name="Clear what is kept on this device").click()
    expect(page.get_by_text("Nothing of yours is kept here now.")).to_be_visible()
    gone(page)
    assert page.evaluate("localStorage.getItem('setahub.draft.1')") is None
    assert MINE not in without_network(page)


def test_so_does_the_one_on_the_page_without_a_network(page, student):
    page.context.set_offline(True)
    page.goto("/topics/")
    expect(page.get_by_text(MINE)).to_be_visible()
    page.get_by_role("button", name="Clear what is kept on this device").click()
    expect(page.get_by_text(MINE)).to_have_count(0)
    gone(page)
    page.goto("/topics/")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.get_by_text(MINE)).to_have_count(0)


def test_without_scripts_there_is_no_such_button(open_page, student):
    page = open_page(student, javascript=False)
    page.goto("/users/me/sessions/")
    expect(page.get_by_role("button", name="Clear what is kept")).to_have_count(0)
