"""A picture is chosen in the site's words, with and without scripts."""

import pytest
from playwright.sync_api import expect

from chat.tests.pictures import photo

NAME = "ฉัน 2569.png"


def picture() -> dict[str, object]:
    return {"name": NAME, "mimeType": "image/png", "buffer": photo().read()}


@pytest.mark.parametrize("path", ["/users/me/avatar/", "/topics/new/"])
def test_what_is_chosen_is_named_and_can_be_taken_back(open_page, student, path):
    page = open_page(student, phone=True)
    page.goto(path)
    field = page.locator(".file [type=file]")
    place = page.locator("[data-file-name]")
    assert place.inner_text() == "No picture chosen yet"
    field.set_input_files(picture())
    expect(place).to_have_text(NAME)
    field.set_input_files([])
    expect(place).to_have_text("No picture chosen yet")


def test_it_is_reached_by_keyboard_and_a_tap_anywhere_on_it(open_page, student):
    page = open_page(student, phone=True)
    page.goto("/users/me/avatar/")
    with page.expect_file_chooser():
        page.locator(".file").click(position={"x": 40, "y": 40})
    page.reload()  # Chromium opens no second one while it takes the first for open
    page.get_by_label("Picture").focus()
    with page.expect_file_chooser():
        page.keyboard.press("Space")
    assert page.locator(".file").evaluate("each => getComputedStyle(each).outlineStyle") == "solid"


def test_without_scripts_it_goes_on(open_page, student):
    page = open_page(student, javascript=False)
    page.goto("/users/me/avatar/")
    expect(page.locator("[data-file-name]")).to_be_visible()
    page.locator("[name=avatar]").set_input_files(picture())
    expect(page.locator("[data-file-name]")).to_be_hidden()  # the browser names it
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_text("Your new picture is in place.")).to_be_visible()
