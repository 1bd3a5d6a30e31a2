"""Two people write to each other, side by side."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from chat import services
from chat.models import Message


def say(sender: User, recipient: User, text: str = "Hello") -> Message:
    return services.send(sender.pk, recipient.pk, uuid.uuid4(), text)


def write(page: Page, text: str) -> None:
    page.locator("textarea").fill(text)
    page.locator("textarea").press("Enter")


def bubbles(page: Page):
    return page.locator(".msg .bubble")


@pytest.fixture
def talk(open_page, student, ta):
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
    write(mine, "Is the height of\n  an empty tree -1?")
    expect(bubbles(theirs).last).to_have_text("Is the height of\n  an empty tree -1?")
    expect(mine.locator(".pending")).to_have_count(0)
    expect(mine.locator(".mine .state").last).to_contain_text("Read ")
    write(theirs, "Yes. See `height(None)`.")
    expect(bubbles(mine)).to_have_text(
        ["สวัสดีครับ", "Is the height of\n  an empty tree -1?", "Yes. See `height(None)`."]
    )
    expect(bubbles(theirs)).to_have_count(3)
