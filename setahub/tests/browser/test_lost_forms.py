"""A form outlives the session that it was opened in."""

import secrets

from playwright.sync_api import expect


def end_token(page) -> None:
    """As signing in again in another tab does."""
    cookie = {
        "name": "csrftoken",
        "value": secrets.token_hex(16),
        "domain": "localhost",
        "path": "/",
    }
    page.context.add_cookies([cookie])


def test_what_was_typed_comes_back_and_goes_through(open_page, student):
    page = open_page(student)
    page.goto("/users/me/edit/")
    page.fill("[name=bio]", "I like trees.\nAnd graphs.")
    end_token(page)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", name="This form has expired")).to_be_visible()
    assert page.title() == "Error: This form has expired · SETAHub"
    expect(page.locator("[name=bio]")).to_have_value("I like trees.\nAnd graphs.")
    page.get_by_role("button", name="Send again").click()
    page.wait_for_url("**/users/me/")
    student.refresh_from_db()
    assert student.bio.split() == ["I", "like", "trees.", "And", "graphs."]


def test_a_live_preview_goes_on_with_a_fresh_token(open_page, ta):
    page = open_page(ta)
    page.goto("/appointments/new/")
    end_token(page)
    # Refused, and asked for again with the token that the refusal brought.
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.status in (200, 422)
    ):
        page.fill("[name=notes]", "Bring it")
    expect(page.locator("[name=notes]")).to_have_value("Bring it")
    page.locator("form.two button.primary").click()
    expect(page.get_by_text("This form has expired")).to_have_count(0)


def test_who_is_signed_out_while_typing_loses_nothing(open_page, ta):
    page = open_page(ta)
    page.goto("/appointments/new/")
    session = next(each for each in page.context.cookies() if each["name"] == "sessionid")
    page.context.clear_cookies(name="sessionid")
    page.fill("[name=notes]", "Bring it")
    expect(page.locator("#preview").get_by_text("You are signed out")).to_be_visible()
    expect(page.locator("[name=notes]")).to_have_value("Bring it")
    # Signed in again, in another tab.
    page.context.add_cookies([session])
    end_token(page)
    page.fill("[name=notes]", "Bring it, please")
    expect(page.locator("#preview").get_by_text("You are signed out")).to_have_count(0)


def test_a_search_is_one_step_back(open_page, student, topic):
    page = open_page(student)
    page.goto("/bookings/")
    page.goto("/topics/")
    box = page.get_by_role("searchbox")
    for typed in ("d", "da", "dat", "data"):
        with page.expect_response("**/topics/?q=*"):
            box.fill(typed)
    page.wait_for_url("**/topics/?q=data")
    page.evaluate("setTimeout(() => history.back())")
    page.wait_for_url("**/topics/")
    expect(box).to_have_value("")
    expect(page.get_by_role("link", name=topic.name)).to_be_visible()
    page.evaluate("setTimeout(() => history.back())")
    page.wait_for_url("**/bookings/")
