"""One computer for several people, in a browser with its memory of pages on, which Playwright would
switch off: what the one has seen is not shown to the next, and nothing they type gets mixed up."""

import pytest
from playwright.sync_api import Page, expect

from chat.models import Message
from conftest import chromium
from setahub.site import middleware

pytestmark = pytest.mark.whole_browser

SECRET = "Only for the two of us"
COUNT = "addEventListener('pageshow', (e) => e.persisted && sessionStorage.setItem('kept', 'yes'))"


@pytest.fixture
def desk(browser, site):
    """A page in a browser that keeps pages as those of people do."""
    launched = browser.browser_type.launch(
        executable_path=chromium(),
        args=["--no-sandbox"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    page = launched.new_context(base_url=site.url, bypass_csp=True).new_page()
    page.set_default_timeout(15_000)
    page.add_init_script(COUNT)
    yield page
    launched.close()


@pytest.fixture
def lenient(monkeypatch):
    """As other browsers have it, which keep pages that they are told not to keep."""
    monkeypatch.setattr(middleware, "PRIVATE_CACHING", "private, no-cache")
    monkeypatch.setattr(middleware, "CLEARED_DATA", '"clientHints"')


@pytest.fixture
def told(say, student, ta):
    """The student and their TA have written to each other."""
    say(student, ta, "May I ask you something?")
    say(ta, student, SECRET)


def enter(page: Page, user) -> None:
    page.goto("/auth/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", "pass-word-1")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/")


def leave(page: Page) -> None:
    page.locator(".bar [data-menu] summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign up").first.wait_for()


def back(page: Page) -> None:
    """Back, until the page that belongs to whoever sits here now is shown."""
    page.go_back(wait_until="commit")
    page.wait_for_function(
        "document.readyState === 'complete' && document.documentElement.dataset.away === undefined"
    )


@pytest.mark.parametrize("kept", [True, False], ids=["a lenient browser", "as it is"])
def test_back_never_shows_what_the_one_before_has_seen(
    desk, request, told, student, ta, stranger, kept
):
    if kept:
        request.getfixturevalue("lenient")
    enter(desk, student)
    desk.goto(f"/messages/{ta.pk}/")
    expect(desk.get_by_text(SECRET).first).to_be_visible()
    desk.goto("/topics/")
    leave(desk)
    enter(desk, stranger)
    for _step in range(6):
        back(desk)
        assert desk.get_by_text(SECRET).count() == 0
        assert desk.locator('meta[name="reader"]').get_attribute("content") in {
            "",
            str(stranger.pk),
        }
    if kept:
        assert desk.evaluate("sessionStorage.getItem('kept')") == "yes"


def test_nobody_sees_it_after_a_sign_out_either(desk, lenient, told, student, ta):
    enter(desk, student)
    desk.goto(f"/messages/{ta.pk}/")
    desk.goto("/topics/")
    leave(desk)
    back(desk)
    desk.wait_for_url("**/auth/login/?next=/topics/")
    back(desk)
    desk.wait_for_url(f"**/auth/login/?next=/messages/{ta.pk}/")
    assert desk.get_by_text(SECRET).count() == 0


def test_a_page_of_ones_own_comes_back_as_it_was(desk, lenient, student):
    enter(desk, student)
    desk.goto("/users/me/edit/")
    desk.fill("[name=bio]", "Half a sentence")
    desk.goto("/topics/")
    back(desk)
    expect(desk.locator("[name=bio]")).to_have_value("Half a sentence")
    expect(desk.locator("[name=bio]")).to_be_visible()


def test_a_page_that_stayed_open_writes_in_nobody_elses_name(desk, told, student, ta, stranger):
    enter(desk, student)
    desk.goto(f"/messages/{ta.pk}/")
    other = desk.context.new_page()
    other.goto("/topics/")
    leave(other)
    enter(other, stranger)
    expect(desk.get_by_text("You are signed out.")).to_be_visible()
    desk.locator("[data-composer] textarea").fill("Whose is this?")
    desk.keyboard.press("Enter")
    expect(desk.locator(".chat-failed")).to_be_visible()
    assert not Message.objects.filter(text="Whose is this?").exists()


def test_signing_out_forgets_what_scripts_keep(desk, told, student, ta):
    enter(desk, student)
    desk.goto(f"/messages/{ta.pk}/")
    desk.locator("[data-composer] textarea").fill("A draft")
    desk.evaluate("sessionStorage.setItem('x', 'y')")
    leave(desk)
    left = "JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage)])"
    assert desk.evaluate(left) == "[[],[]]"


def test_what_somebody_left_without_signing_out_is_gone_for_the_next(desk, student, stranger):
    enter(desk, student)
    desk.evaluate("localStorage.setItem('setahub.draft.1.2', 'Mine')")
    desk.context.clear_cookies()
    enter(desk, stranger)
    assert desk.evaluate("localStorage.getItem('setahub.draft.1.2')") is None


def test_a_form_goes_once_and_may_go_again_when_it_comes_back(desk, lenient, student, topic, ta):
    del ta
    enter(desk, student)
    desk.goto("/users/me/edit/")
    desk.evaluate(
        """() => {
          const key = document.createElement('input');
          Object.assign(key, { type: 'hidden', name: 'form_key', value: 'the-first-one' });
          document.querySelector('main form').append(key);
          window.sent = 0;
          // What leaves the page, counted; it stays where it is.
          addEventListener('submit', (e) => { if (!e.defaultPrevented) window.sent += 1; e.preventDefault(); });
        }"""
    )
    button = desk.locator("main form button[type=submit]").first
    button.click()
    button.click()
    assert desk.evaluate("window.sent") == 1
    expect(button).to_have_attribute("aria-busy", "true")
    desk.goto("/topics/")
    back(desk)
    expect(button).not_to_have_attribute("aria-busy", "true")
    key = desk.locator("[name=form_key]")
    expect(key).to_have_value("the-first-one")
    desk.fill("[name=bio]", "Something else")
    assert len(key.input_value()) == 32
    button.click()
    assert desk.evaluate("window.sent") == 2
