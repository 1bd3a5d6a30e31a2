"""Only what was in sight is read: many unread messages, those that come at once, and other tabs."""

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import services
from chat.models import Message, Participation
from setahub.tests.browser.test_messages import bubbles, write


@pytest.fixture
def unread(settings, say, student, ta):
    """``unread(197)``: messages of the TA that the student hasn't read, after some that were."""
    settings.RATE_LIMITS = False

    def make(count: int) -> list[int]:
        say(student, ta, "Old question")
        services.mark_read(student.pk, ta.pk, say(ta, student, "Old answer").pk)
        return [say(ta, student, f"Line {number}").pk for number in range(count)]

    return make


def line(page: Page, text: str) -> Locator:
    return page.locator("[data-messages]").get_by_text(text, exact=True)


def left(student, ta) -> int:
    return Participation.objects.get(user=student, other=ta).unread


def settled(page: Page, student, ta) -> int:
    """What is unread once the page has reported what it shows."""
    with page.expect_event("console", lambda message: message.text == "two frames later"):
        page.evaluate(
            "setTimeout(() => requestAnimationFrame(() => console.log('two frames later')), 2000)"
        )
    return left(student, ta)


def test_197_unread_open_at_the_first_and_only_those_in_sight_are_read(
    open_page, unread, student, ta
):
    unread(197)
    page = open_page(student)
    page.goto(f"/messages/{ta.pk}/")
    expect(bubbles(page)).to_have_count(199)  # two that were read came along with the last page
    divider = page.locator("[data-unread-divider]")
    expect(divider).to_be_in_viewport()
    expect(line(page, "Line 0")).to_be_in_viewport()
    expect(line(page, "Line 196")).not_to_be_in_viewport()
    shown = settled(page, student, ta)
    assert 160 < shown < 197
    expect(page.locator("[data-pill]")).to_contain_text("new")
    page.mouse.move(800, 400)
    for _ in range(30):
        page.mouse.wheel(0, 600)
    expect(line(page, "Line 196")).to_be_in_viewport()
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
    assert left(student, ta) == 0
    assert bubbles(page).all_inner_texts()[2:] == [f"Line {number}" for number in range(197)]


def test_more_than_one_part_is_loaded_before_anything_is_read(open_page, unread, student, ta):
    unread(260)
    page = open_page(student)
    page.goto(f"/messages/{ta.pk}/")
    expect(line(page, "Line 0")).to_be_in_viewport()
    expect(bubbles(page).filter(has_text="Line")).to_have_count(260)
    assert 220 < settled(page, student, ta) < 260


def test_while_the_first_unread_can_not_be_loaded_nothing_is_read(open_page, unread, student, ta):
    unread(80)
    page = open_page(student)
    page.route("**/history/**", lambda route: route.abort())
    page.goto(f"/messages/{ta.pk}/")
    expect(bubbles(page)).to_have_count(50)
    assert settled(page, student, ta) == 80
    page.unroute_all()
    expect(line(page, "Line 0")).to_be_in_viewport(timeout=40_000)


def test_an_answer_skips_over_unread_ones_and_the_way_back_is_shown(open_page, unread, student, ta):
    unread(90)
    page = open_page(student)
    page.goto(f"/messages/{ta.pk}/")
    expect(line(page, "Line 0")).to_be_in_viewport()
    before = settled(page, student, ta)
    write(page, "I'll read all of it later")
    expect(line(page, "I'll read all of it later")).to_be_in_viewport()
    assert settled(page, student, ta) == before
    page.locator("[data-pill-above]").click()
    expect(line(page, f"Line {90 - before}")).to_be_in_viewport()
    assert settled(page, student, ta) < before


def test_a_burst_does_not_push_unseen_ones_out_of_sight(open_page, say, settings, student, ta):
    settings.RATE_LIMITS = False
    say(student, ta, "Hello")
    page = open_page(student)
    page.add_init_script("document.hasFocus = () => window.looking === true")
    page.goto(f"/messages/{ta.pk}/")
    expect(page.locator("[data-presence]")).to_have_text("Offline")
    for number in range(40):
        say(ta, student, f"Line {number}")
    expect(bubbles(page)).to_have_count(41)
    expect(line(page, "Line 0")).to_be_in_viewport()
    expect(line(page, "Line 39")).not_to_be_in_viewport()
    assert left(student, ta) == 40
    page.evaluate("window.looking = true; window.dispatchEvent(new Event('focus'))")
    assert 0 < settled(page, student, ta) < 40
    for _ in range(9):
        pill = page.locator("[data-pill]")
        if pill.is_visible():
            pill.click()
        settled(page, student, ta)
        if not left(student, ta):
            break
    assert left(student, ta) == 0
    assert Message.objects.count() == 41


def test_what_another_tab_has_read_is_read_here_too(open_page, unread, student, ta):
    ids = unread(60)
    page = open_page(student)
    page.add_init_script("document.hasFocus = () => false")
    page.goto(f"/messages/{ta.pk}/")
    expect(line(page, "Line 0")).to_be_in_viewport()
    expect(page.locator("[data-presence]")).to_have_text("Offline")
    services.mark_read(student.pk, ta.pk, ids[-1])
    expect(page.locator("[data-pill]")).to_be_hidden()
    expect(page.locator(".nav [data-unread-total]")).to_be_hidden()
