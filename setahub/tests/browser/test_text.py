"""What people type keeps to its own place on a page, whatever it is made of."""

from playwright.sync_api import expect

RIGHT_TO_LEFT = "\u202e"
PILE = "a" + "\u0301" * 60


def drawn_outside(page, selector):
    """How far the element lets what it holds be drawn beyond its own box, in CSS pixels."""
    return page.locator(selector).last.evaluate(
        """box => {
            const style = getComputedStyle(box);
            return style.overflowX === "visible" ? Infinity : parseFloat(style.overflowClipMargin) || 0;
        }"""
    )


def test_a_message_draws_over_no_neighbour_and_turns_no_other_text(open_page, say, student, ta):
    say(student, ta, f"{RIGHT_TO_LEFT}https://a.example/b?c=1 {PILE}")
    page = open_page(ta)
    page.goto(f"/messages/{student.pk}/")

    link = page.locator(".chat-theirs .chat-text a")
    expect(link).to_have_text("https://a.example/b?c=1")
    assert link.get_attribute("href") == "https://a.example/b?c=1"
    assert link.evaluate("link => getComputedStyle(link).unicodeBidi") == "isolate"
    assert drawn_outside(page, ".chat-theirs .chat-text") <= 4
    assert RIGHT_TO_LEFT not in page.locator("[data-preview]").inner_text()


def test_a_profile_keeps_a_pile_of_marks_in_its_box(open_page, student, ta):
    ta.bio = f"{PILE} {RIGHT_TO_LEFT}abc"
    ta.save()
    page = open_page(student)
    page.goto(f"/users/{ta.pk}/")
    assert drawn_outside(page, ".prose") <= 4


def test_nothing_is_sent_of_which_nothing_can_be_seen(open_page, say, student, ta):
    say(student, ta, "Hello")
    page = open_page(ta)
    page.goto(f"/messages/{student.pk}/")
    page.locator("textarea").fill("\u200b\u2800\u3164\n")
    page.locator("textarea").press("Enter")
    expect(page.locator(".chat-msg")).to_have_count(1)
    page.locator("textarea").fill("\u200bHi")
    page.locator("textarea").press("Enter")
    expect(page.locator(".chat-msg")).to_have_count(2)
