"""Writing: keys, code, pictures that take their time, and drafts over several tabs."""

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from chat.models import Message
from setahub.tests.browser.conftest import PHONE, session_cookie
from setahub.tests.browser.test_messages import bubbles, picture, write

SLOW = """
    // A telephone with a large photo: it is ready when the test says so.
    const real = window.createImageBitmap.bind(window);
    const gate = new Promise((go) => addEventListener("ready", go, { once: true }));
    window.createImageBitmap = (...all) => gate.then(() => real(...all));
"""


def large(name: str = "photo.jpg", mime: str = "image/jpeg") -> FilePayload:
    """A photo of more than a megabyte, which is made smaller before it is sent."""
    output = BytesIO()
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(output, "JPEG", quality=95)
    return {"name": name, "mimeType": mime, "buffer": output.getvalue()}


@pytest.fixture
def page(open_page, say, student, ta):
    say(student, ta, "0")
    page = open_page(student)
    page.goto(f"/messages/{ta.pk}/")
    expect(page.locator("[data-presence]")).to_have_text("Offline")
    return page


class TestPictures:
    @pytest.fixture
    def slow(self, page):
        page.add_init_script(SLOW)
        page.reload()
        expect(page.locator("[data-presence]")).to_have_text("Offline")
        page.locator("[name=image]").set_input_files(large())
        expect(page.locator(".chat-picked[aria-busy]")).to_have_count(1)
        return page

    def test_a_caption_waits_for_its_picture_and_goes_with_it(self, slow):
        page = slow
        write(page, "Where is my mistake?")
        expect(page.locator("[data-waiting]")).to_be_visible()
        expect(page.locator("textarea")).to_have_value("Where is my mistake?")
        assert Message.objects.count() == 1
        page.evaluate("dispatchEvent(new Event('ready'))")
        expect(page.locator(".chat-bubble-picture .chat-text")).to_have_text("Where is my mistake?")
        expect(page.locator(".chat-pending")).to_have_count(0)
        expect(page.locator("textarea")).to_have_value("")
        expect(page.locator("[data-waiting]")).to_be_hidden()
        sent = Message.objects.get(text="Where is my mistake?")
        assert sent.kind == "image"
        assert Message.objects.count() == 2

    def test_taken_out_of_the_tray_it_no_longer_holds_the_text_back(self, slow):
        page = slow
        write(page, "Look")
        expect(page.locator("[data-waiting]")).to_be_visible()
        page.locator(".chat-picked button").click()
        expect(page.locator("[data-waiting]")).to_be_hidden()
        write(page, "Look!")
        expect(bubbles(page)).to_have_text(["0", "Look!"])

    def test_leaving_the_page_asks_only_while_pictures_would_be_lost(self, page):
        asked: list[str] = []

        def answer(dialog: Any) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", answer)
        page.locator("textarea").fill("My draft is kept anyway")
        page.reload()
        expect(page.locator("textarea")).to_have_value("My draft is kept anyway")
        assert asked == []
        page.locator("[name=image]").set_input_files(picture())
        expect(page.locator(".chat-picked:not([aria-busy])")).to_have_count(1)
        page.locator("textarea").click()
        page.evaluate("location.href = '/topics/'")
        expect(page.locator(".chat-picked")).to_have_count(1)
        assert asked == ["beforeunload"]
        page.locator(".chat-picked button").click()
        page.goto("/topics/")
        assert asked == ["beforeunload"]

    @pytest.mark.parametrize(
        ("name", "mime"),
        [
            ("photo", "application/octet-stream"),
            ("photo.jpeg_large", "application/octet-stream"),
            ("photo.txt", "text/plain"),
            ("photo.png", "image/png"),
        ],
    )
    def test_bytes_tell_a_picture_and_not_its_name(self, page, student, name, mime):
        page.locator("[name=image]").set_input_files(large(name, mime))
        expect(page.locator(".chat-picked")).to_have_count(1)
        write(page, "Whatever it is called")
        expect(page.locator(".chat-shot img")).to_have_count(1)
        assert Message.objects.filter(sender=student, kind="image").count() == 1


class TestKeys:
    def test_on_a_touch_screen_enter_breaks_the_line(self, browser, site, say, student, ta):
        say(student, ta, "0")
        context = browser.new_context(
            base_url=site.url, viewport=PHONE, has_touch=True, is_mobile=True
        )
        try:
            context.add_cookies([session_cookie(student, site.url)])
            page = context.new_page()
            page.goto(f"/messages/{ta.pk}/")
            expect(page.locator("[data-presence]")).to_have_text("Offline")
            box = page.locator("textarea")
            expect(box).to_have_attribute("enterkeyhint", "enter")
            box.tap()
            page.keyboard.type("if x:")
            page.keyboard.press("Enter")
            page.keyboard.type("  return")
            expect(box).to_have_value("if x:\n  return")
            page.locator(".chat-send").tap()
            expect(bubbles(page)).to_have_text(["0", "if x:\n  return"])
            expect(page.locator(".chat-pending")).to_have_count(0)
            assert Message.objects.count() == 2
        finally:
            context.close()

    def test_code_is_fenced_by_the_button_and_by_keyboard(self, page):
        box = page.locator("textarea")
        box.fill("Why? x = 1 Thanks")
        box.evaluate("box => box.setSelectionRange(5, 10)")
        page.locator("[data-fence]").click()
        expect(box).to_have_value("Why? \n```\nx = 1\n```\n Thanks")
        expect(box).to_be_focused()
        page.keyboard.press("Control+z")
        expect(box).to_have_value("Why? x = 1 Thanks")
        box.fill("")
        box.focus()
        page.keyboard.press("Tab")
        expect(page.locator("[data-fence]")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.type("return -1")
        expect(box).to_have_value("```\nreturn -1\n```")
        box.fill("a\n```\nb\n```")
        box.press("Control+a")
        page.locator("[data-fence]").click()
        expect(box).to_have_value("````\na\n```\nb\n```\n````")

    @pytest.mark.parametrize("width", [320, 390])
    def test_a_long_name_leaves_the_send_button_where_it_is(
        self, open_page, say, student, ta, width
    ):
        ta.username = "W" * 50
        ta.save()
        say(student, ta, "0")
        page = open_page(student)
        page.set_viewport_size({"width": width, "height": 700})
        page.goto(f"/messages/{ta.pk}/")
        box = page.locator(".chat-send").bounding_box()
        assert box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("textarea").bounding_box()["width"] > 80


class TestDrafts:
    @pytest.fixture
    def tabs(self, page, ta):
        """Two tabs; what is typed in the first before the second opens is in both."""

        def second() -> Page:
            other = page.context.new_page()
            other.goto(f"/messages/{ta.pk}/")
            expect(other.locator("[data-presence]")).to_have_text("Offline")
            return other

        return second

    def test_sent_in_the_second_it_leaves_the_first_and_is_never_sent_again(
        self, page, tabs, student
    ):
        page.locator("textarea").fill("Only once")
        other = tabs()
        expect(other.locator("textarea")).to_have_value("Only once")
        other.locator("textarea").press("Enter")
        expect(page.locator("textarea")).to_have_value("")
        page.locator("textarea").press("Enter")
        for each in (page, other):
            expect(bubbles(each)).to_have_text(["0", "Only once"])
        assert Message.objects.filter(text="Only once").count() == 1

    def test_both_send_the_same_draft_at_once(self, page, tabs):
        page.locator("textarea").fill("Only once")
        other = tabs()
        page.evaluate(
            "addEventListener('storage', (event) => event.stopImmediatePropagation(), true)"
        )
        for each in (other, page):
            each.locator("textarea").press("Enter")
        for each in (page, other):
            expect(bubbles(each)).to_have_text(["0", "Only once"])
            expect(each.locator(".chat-pending")).to_have_count(0)
        assert Message.objects.filter(text="Only once").count() == 1

    def test_changed_in_the_first_it_stays_there(self, page, tabs):
        page.locator("textarea").fill("Draft")
        other = tabs()
        page.locator("textarea").press("End")
        page.keyboard.type(" and more")
        other.locator("textarea").press("Enter")
        expect(bubbles(page)).to_have_text(["0", "Draft"])
        expect(page.locator("textarea")).to_have_value("Draft and more")
        page.locator("textarea").press("Enter")
        expect(bubbles(other)).to_have_text(["0", "Draft", "Draft and more"])

    def test_changed_in_the_second_and_sent_there_it_leaves_the_first(self, page, tabs):
        page.locator("textarea").fill("Draft")
        other = tabs()
        write(other, "Draft, finished")
        expect(bubbles(page)).to_have_text(["0", "Draft, finished"])
        expect(page.locator("textarea")).to_have_value("")

    def test_sending_in_one_tab_keeps_the_other_ones_draft(self, page, tabs):
        other = tabs()
        page.locator("textarea").fill("Of the first")
        other.locator("textarea").fill("Of the second")
        other.locator("textarea").press("Enter")
        expect(bubbles(page)).to_have_text(["0", "Of the second"])
        expect(page.locator("textarea")).to_have_value("Of the first")
        page.reload()
        expect(page.locator("textarea")).to_have_value("Of the first")

    def test_the_same_words_twice_are_two_messages(self, page):
        write(page, "ok")
        write(page, "ok")
        expect(bubbles(page)).to_have_text(["0", "ok", "ok"])
        expect(page.locator(".chat-pending")).to_have_count(0)

    def test_signing_out_elsewhere_forgets_what_is_kept_but_not_what_is_on_the_page(
        self, page, tabs
    ):
        page.locator("textarea").fill("Half a thought")
        other = tabs()
        other.evaluate("Object.keys(localStorage).forEach((key) => localStorage.removeItem(key))")
        page.evaluate("document.querySelector('textarea').focus()")
        expect(page.locator("textarea")).to_have_value("Half a thought")
        assert re.search("draft", page.evaluate("Object.keys(localStorage).join()")) is None
