"""The bell, live in every tab of its person, and without scripts by the page."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from scheduling.tests.factories import book, open_time, slots_of


def bell(page: Page) -> Locator:
    return page.locator("[data-unread-notices]")


def connect(page: Page) -> None:
    """Open a page whose socket has been answered."""
    frames: list[Any] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda text: frames.append(text))
    )
    page.goto("/help/")
    while not frames:
        page.wait_for_timeout(50)


def test_it_counts_in_two_tabs_and_leads_to_what_happened(open_page, student, ta, topic):
    session = open_time(ta, topic)
    one = open_page(ta)
    two = one.context.new_page()
    for page in (one, two):
        connect(page)
        expect(bell(page)).to_be_hidden()
    made = book(student, slots_of(session)[0])
    for page in (one, two):
        expect(bell(page)).to_have_attribute("data-unread-notices", "1")
        expect(bell(page)).to_be_visible()
        expect(page.locator("[data-toasts]")).to_contain_text("booked you")
        expect(page.locator("[data-toasts]")).not_to_contain_text("<")
    one.get_by_role("link", name="booked you").click()
    one.wait_for_url(f"**/bookings/{made.pk}/")
    expect(bell(one)).to_be_hidden()
    expect(bell(two)).to_be_hidden()


def test_without_scripts_it_is_a_link_with_a_number(open_page, student, ta, topic):
    book(student, slots_of(open_time(ta, topic))[0])
    page = open_page(ta, phone=True, javascript=False)
    page.goto("/")
    expect(bell(page)).to_have_text("1 unread", use_inner_text=True)
    page.locator(".bell").click()
    expect(page.locator("[data-notice-id]")).to_have_count(1)
    page.get_by_role("button", name="Mark all as read").click()
    expect(bell(page)).to_be_hidden()
    expect(page.locator("[data-notice-id]")).to_have_count(1)
