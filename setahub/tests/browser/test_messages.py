"""Two people write to each other, side by side."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from accounts.services import blocks
from chat import services
from chat.models import Message
from chat.queries.conversations import unread_counts


def write(page: Page, text: str) -> None:
    page.locator("textarea").fill(text)
    page.locator("textarea").press("Enter")


def bubbles(page: Page) -> Locator:
    return page.locator(".chat-msg .chat-bubble")


def picture(name: str = "tree.png", width: int = 640, height: int = 320) -> FilePayload:
    output = BytesIO()
    Image.new("RGB", (width, height), "orange").save(output, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": output.getvalue()}


@pytest.fixture
def talk(open_page, say, student, ta):
    """The student's and the TA's page of their conversation, connected."""
    pages = [open_page(student), open_page(ta)]
    say(student, ta, "สวัสดีครับ")
    for page, other in zip(pages, (ta, student), strict=True):
        page.goto(f"/messages/{other.pk}/")
    for page in pages:
        expect(page.locator("[data-presence]")).to_have_text("Online")
    return pages


def test_each_sees_what_the_other_writes_and_that_it_was_read(talk, student, ta):
    mine, theirs = talk
    mine.locator("textarea").type("Is the")
    expect(theirs.locator(".chat-head-typing")).to_be_visible()
    write(mine, "Is the height of\n  an empty tree -1?")
    expect(bubbles(theirs).last).to_have_text("Is the height of\n  an empty tree -1?")
    expect(theirs.locator(".chat-head-typing")).to_be_hidden()
    expect(theirs.locator("[data-spoken]")).to_have_text(re.compile("สมชาย ใจดี: Is the height"))
    expect(mine.locator(".chat-pending")).to_have_count(0)
    expect(mine.locator(".chat-mine .chat-state").last).to_have_text(
        re.compile(r"^Read \d\d:\d\d$")
    )
    write(theirs, "Yes. See:\n```\nreturn -1\n```")
    expect(bubbles(mine)).to_have_count(3)
    expect(mine.locator(".chat-theirs pre")).to_have_text("return -1")
    expect(mine.locator(".chat-conv-preview [data-preview]")).to_have_text(
        "Yes. See: ``` return -1 ```"
    )
    assert sum(unread_counts(ta.pk).values()) == 0


def test_a_double_click_and_a_held_key_send_once(talk, student):
    mine, theirs = talk
    mine.locator("textarea").fill("Only once")
    mine.locator(".chat-send").dblclick()
    expect(bubbles(theirs).last).to_have_text("Only once")
    expect(mine.locator(".chat-mine")).to_have_count(2)
    expect(mine.locator(".chat-pending")).to_have_count(0)
    assert Message.objects.filter(sender=student, text="Only once").count() == 1


def test_enter_sends_shift_breaks_the_line_and_an_input_method_is_left_alone(talk, student):
    mine, theirs = talk
    box = mine.locator("textarea")
    box.focus()
    mine.keyboard.type("one")
    mine.keyboard.press("Shift+Enter")
    mine.keyboard.type("two")
    for more in ({"isComposing": True}, {"keyCode": 229}):
        box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **more})
    expect(box).to_have_value("one\ntwo")
    mine.keyboard.press("Enter")
    expect(box).to_have_value("")
    expect(bubbles(theirs).last).to_have_text("one\ntwo")


def test_what_is_too_long_or_blocked_is_told_in_words_and_kept(talk, student, ta):
    mine, _theirs = talk
    write(mine, "x" * 4001)
    expect(mine.locator("[data-problem]")).to_contain_text("at most 4000 characters")
    expect(mine.locator("textarea")).to_have_value("x" * 4001)
    blocks.block(ta, student)
    write(mine, "Are you there?")
    failed = mine.locator(".chat-failed")
    expect(failed).to_contain_text("Are you there?")
    expect(failed).to_contain_text("No messages can be sent between you two.")
    failed.get_by_role("button", name="Edit").click()
    expect(mine.locator("textarea")).to_have_value("Are you there?")
    expect(failed).to_have_count(0)
    assert Message.objects.count() == 1


def test_pictures_are_previewed_captioned_sent_in_a_row_and_opened(talk, student):
    mine, theirs = talk
    mine.locator("[name=image]").set_input_files([picture("a.png"), picture("b.png"), picture()])
    expect(mine.locator(".chat-picked")).to_have_count(3)
    mine.get_by_role("button", name="Remove b.png").click()
    mine.locator("[name=image]").set_input_files(
        {"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    expect(mine.locator("[data-problem]")).to_contain_text("“x.txt” is not a picture")
    write(mine, "My drawing")
    shots = theirs.locator(".chat-shot img")
    expect(shots).to_have_count(2)
    expect(shots.first).to_have_attribute("width", "320")
    expect(shots.first).to_have_attribute("height", "160")
    expect(theirs.locator(".chat-bubble-picture .chat-text")).to_have_text("My drawing")
    expect(mine.locator(".chat-pending")).to_have_count(0)
    shots.first.click()
    viewer = theirs.get_by_role("dialog")
    expect(viewer.locator("img")).to_have_js_property("naturalWidth", 640)
    theirs.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    assert Message.objects.filter(sender=student, kind="image").count() == 2


def test_on_any_page_a_badge_moves_and_a_toast_says_who_wrote(open_page, say, student, ta):
    say(student, ta)
    page = open_page(student)
    with page.expect_websocket() as socket:
        page.goto("/topics/")
    socket.value.wait_for_event("framereceived", lambda frame: "pong" in frame)
    badge = page.locator(".nav [data-unread-total]")
    expect(badge).to_be_hidden()
    first = say(ta, student, "Bring <b>the</b> failing test")
    expect(badge).to_have_attribute("data-unread-total", "1")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    toast = page.locator(".toast")
    expect(toast).to_contain_text("น้ำฝน")
    expect(toast).to_contain_text("Bring <b>the</b> failing test")
    services.mark_read(student.pk, ta.pk, first.pk)
    expect(toast).to_have_count(0)
    expect(badge).to_be_hidden()
    say(ta, student, "And the sheet")
    page.locator(".toast a").click()
    page.wait_for_url(f"**/messages/{ta.pk}/")
    expect(badge).to_be_hidden()
    assert sum(unread_counts(student.pk).values()) == 0


def test_open_is_not_read_until_somebody_looks(open_page, say, student, ta):
    page = open_page(student)
    page.add_init_script("document.hasFocus = () => window.looking === true")
    say(student, ta, "Hello")
    say(ta, student, "First")
    page.goto(f"/messages/{ta.pk}/")
    expect(page.locator("[data-presence]")).to_have_text("Offline")
    say(ta, student, "Second")
    expect(bubbles(page)).to_have_count(3)
    expect(page.locator(".nav [data-unread-total]")).to_have_attribute("data-unread-total", "2")
    expect(page.locator("[data-unread-divider]")).to_have_count(1)
    assert sum(unread_counts(student.pk).values()) == 2
    page.evaluate("window.looking = true; window.dispatchEvent(new Event('focus'))")
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
    assert sum(unread_counts(student.pk).values()) == 0


def test_older_messages_load_on_the_way_up_and_the_place_is_kept(
    open_page,
    settings,
    say,
    student,
    ta,
):
    settings.RATE_LIMITS = False
    say(student, ta, "Line 0")
    for number in range(1, 120):
        say(ta, student, f"Line {number}")
    services.mark_read(student.pk, ta.pk, Message.objects.last().pk)
    page = open_page(student)
    page.goto(f"/messages/{ta.pk}/")
    expect(bubbles(page)).to_have_count(50)
    expect(bubbles(page).last).to_be_in_viewport()
    for shown in (100, 120):
        bubbles(page).first.scroll_into_view_if_needed()
        page.mouse.move(800, 400)
        page.mouse.wheel(0, -3000)
        expect(bubbles(page)).to_have_count(shown)
    expect(page.locator("[data-older]")).to_be_hidden()
    assert bubbles(page).all_inner_texts() == [f"Line {number}" for number in range(120)]
    kept = bubbles(page).nth(60)
    kept.scroll_into_view_if_needed()
    before = kept.bounding_box()["y"]
    say(ta, student, "New, below")
    pill = page.locator("[data-pill]")
    expect(pill).to_have_text("1 new")
    assert kept.bounding_box()["y"] == pytest.approx(before, abs=1)
    pill.click()
    expect(bubbles(page).last).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_it_all_works_without_javascript(open_page, settings, say, student, ta):
    settings.RATE_LIMITS = False
    say(student, ta, "Line 0")
    for number in range(1, 60):
        say(ta, student, f"Line {number}")
    page = open_page(student, phone=True, javascript=False)
    page.goto(f"/messages/{ta.pk}/")
    expect(bubbles(page).last).to_be_in_viewport()
    expect(page.locator(".chat-send")).to_be_in_viewport()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)
    page.locator("textarea").fill("if x:\n    return")
    page.locator(".chat-send").click()
    expect(bubbles(page).last).to_have_text("if x:\n    return")
    page.locator("[name=image]").set_input_files(picture())
    page.locator(".chat-send").click()
    expect(page.locator(".chat-shot img")).to_have_count(1)
    page.get_by_role("link", name="Older messages").click()
    expect(bubbles(page).first).to_have_text("Line 0")
    page.get_by_role("link", name="To the newest messages").click()
    full = page.request.get(page.locator("a.chat-shot").get_attribute("href") or "")
    assert full.headers["content-type"] == "image/webp"


def test_an_ended_session_says_so_and_leads_to_the_login(open_page, open_context, student, ta):
    page = open_page(student)
    page.goto(f"/users/{ta.pk}/")
    other = page.context.new_page()
    other.goto("/")
    other.locator("summary[aria-label^='Your menu']").click()
    other.get_by_role("button", name="Sign out").click()
    notice = page.locator("[data-signed-out]")
    expect(notice).to_be_visible()
    notice.get_by_role("link").click()
    page.wait_for_url(f"**/auth/login/?next=%2Fusers%2F{ta.pk}%2F")
