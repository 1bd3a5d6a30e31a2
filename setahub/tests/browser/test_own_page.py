"""From a TA's own page, in a visitor's browser, to a booking; and its poster on paper."""

import re

import pytest
from playwright.sync_api import expect

from scheduling.models import Booking
from scheduling.tests.factories import open_time, slots_of


@pytest.fixture
def shared(ta):
    ta.public = True
    ta.save()
    return ta


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("phone", [True, False])
def test_a_visitor_taps_a_time_signs_up_and_books_it(open_page, shared, topic, phone, javascript):
    slot = slots_of(open_time(shared, topic))[1]
    page = open_page(phone=phone, javascript=javascript)
    page.goto(f"/ta/{shared.pk}/")
    page.locator(f'[data-slot-id="{slot.pk}"]').click()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name", exact=False).first.fill("Mali")
    page.get_by_label("Email").fill("mali@example.com")
    page.get_by_label("Password", exact=True).fill("a long password 42")
    page.get_by_role("button", name="Create my account").click()
    expect(page).to_have_url(re.compile(rf"/bookings/new/\?slot={slot.pk}$"))
    page.locator("[name=question]").fill("Why does it rotate?")
    page.get_by_role("button", name="Book this time").click()
    expect(page).to_have_url(re.compile(r"/bookings/\d+/$"))
    assert Booking.objects.get().slot_id == slot.pk


def test_the_poster_is_in_the_first_screen_of_a_phone_and_printed_or_shared(
    open_page, open_context, shared
):
    page = open_page(shared, phone=True)
    page.add_init_script(
        "window.print = () => { window.done = 'printed' };"
        "navigator.share = async ({ url }) => { window.done = url };"
    )
    page.goto(f"/ta/{shared.pk}/?qr")
    address, bar = (
        page.locator(each).bounding_box() for each in (".own-page-address", ".tabs-bar")
    )
    assert address["y"] + address["height"] <= bar["y"]
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("done") == "printed"
    page.get_by_role("button", name="Share").click()
    assert page.evaluate("done").endswith(f"/ta/{shared.pk}/")
    expect(page.get_by_role("button", name="Copy the link")).to_have_count(0)
    assert page.locator(".own-page-acts").evaluate("acts => acts.offsetHeight") >= 44


def test_where_nothing_can_be_shared_the_link_is_copied(open_page, shared):
    page = open_page(shared)
    page.add_init_script(
        "delete Navigator.prototype.share;"
        "navigator.clipboard.writeText = async (text) => { window.done = text };"
    )
    page.goto(f"/ta/{shared.pk}/?qr")
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("done") == page.locator(".own-page-address").text_content()
    expect(page.get_by_role("button", name="Share")).to_have_count(0)


def test_without_a_script_the_poster_has_no_buttons(open_page, shared):
    page = open_page(shared, javascript=False)
    page.goto(f"/ta/{shared.pk}/?qr")
    expect(page.locator("main").get_by_role("button")).to_have_count(0)


def test_the_poster_is_one_sheet_with_a_code_that_a_camera_can_read(open_page, shared):
    page = open_page(dark=True)
    page.goto(f"/ta/{shared.pk}/?qr")
    code = page.locator(".own-page-qr").bounding_box()
    assert code["width"] >= 256
    assert code["width"] == pytest.approx(code["height"], abs=1)
    paper = page.locator(".own-page-qr").evaluate("each => getComputedStyle(each).backgroundColor")
    ink = page.locator(".own-page-qr path").evaluate("each => getComputedStyle(each).fill")
    assert (paper, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")  # in the dark too
    sheets = page.pdf(format="A4", print_background=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheets)) == 1
