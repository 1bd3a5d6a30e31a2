"""One's own week in a browser: hours on a desk, an agenda on a phone, one sheet of paper."""

import re
from datetime import date, time, timedelta

import pytest
from playwright.sync_api import expect

from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when

SHEET = re.compile(rb"/Type\s*/Page[^s]")
WIDE = re.compile(rb"/MediaBox\s*\[\s*0 0 84\d[\d.]* 59\d[\d.]*\s*\]")


@pytest.fixture
def made(ta, topic, student):
    """Something in each of seven days, early and late: the fullest week that one sheet must hold."""
    monday = when.monday(when.today()) + timedelta(weeks=1)
    for offset in range(7):
        day = monday + timedelta(days=offset)
        open_time(ta, topic, day=day, start="06:00", end="10:00", minutes=20)
        last = open_time(ta, topic, day=day, start="20:00", end="00:00", minutes=60)
    return book(student, slots_of(last)[0])


def path_of(booking) -> str:
    return f"/calendar/?week={when.local(booking.starts_at).date()}"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_desk_shows_hours_and_a_phone_an_agenda(open_page, student, made, javascript):
    desk = open_page(student, javascript=javascript)
    desk.goto(path_of(made))
    expect(desk.locator(".my-week-hours")).to_be_visible()
    boxes = [each.bounding_box() for each in desk.locator(".my-week-day").all()]
    assert len({round(box["y"]) for box in boxes}) == 1  # beside each other
    phone = open_page(student, phone=True, javascript=javascript)
    phone.goto(path_of(made))
    expect(phone.locator(".my-week-hours")).to_be_hidden()
    phone.get_by_role("link", name="You learn: Data Structures").click()
    expect(phone).to_have_url(re.compile(rf"/bookings/{made.pk}/$"))


def test_a_block_is_as_tall_as_it_lasts_and_lies_where_it_begins(open_page, student, made):
    page = open_page(student)
    page.goto(path_of(made))
    block = page.locator(f'[data-booking-id="{made.pk}"]').bounding_box()
    first, second = (
        page.locator(".my-week-hours li").nth(index).bounding_box()["y"] for index in (1, 2)
    )
    hour = second - first
    assert block["height"] == pytest.approx(hour, abs=1)
    top = page.locator(".my-week-pieces").last.bounding_box()["y"]
    begins = when.local(made.starts_at).hour - 8  # the first hour that is drawn
    assert block["y"] - top == pytest.approx(begins * hour, abs=1)


def test_an_empty_hour_opens_time_there(open_page, ta, made):
    page = open_page(ta)
    page.goto(path_of(made))
    day = when.local(made.starts_at).date()
    page.locator(f'.my-week-cell a[href*="date={day}&start_time=14%3A00"]').click()
    expect(page).to_have_url(re.compile("/appointments/new/"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_keyboard_needs_one_step_for_each_empty_stretch(open_page, ta, made):
    page = open_page(ta)
    page.goto(path_of(made))
    reachable = page.locator('.my-week-cell a:not([tabindex="-1"])')
    assert reachable.count() == 7


@pytest.mark.parametrize("phone", [True, False])
def test_a_button_prints_it_where_a_script_can(open_page, ta, made, phone):
    page = open_page(ta, phone=phone)
    page.add_init_script("window.print = () => { window.printed = true }")
    page.goto(path_of(made))
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("printed")
    page = open_page(ta, phone=phone, javascript=False)
    page.goto(path_of(made))
    expect(page.get_by_role("button", name="Print")).to_have_count(0)


@pytest.mark.parametrize("phone", [True, False])
def test_an_agenda_goes_on_past_sunday_on_a_phone_alone(
    open_page, ta, topic, student, phone, clock
):
    clock.move_to(when.at(date(2026, 11, 27), time(9)))
    book(student, slots_of(open_time(ta, topic, day=date(2026, 12, 3)))[0])
    page = open_page(student, phone=phone)
    page.goto("/calendar/")
    expect(page.locator("#day-2026-12-03")).to_be_visible(visible=phone)
    expect(page.get_by_text("Nothing today")).to_be_visible(visible=phone)
    on = page.get_by_role("link", name="On to 30 Nov – 6 Dec 2026")
    expect(on).to_be_visible(visible=phone)
    if phone:
        on.click()
        expect(page).to_have_url(re.compile(r"week=2026-11-30$"))


def test_it_prints_on_one_sheet(open_page, ta, student, made):
    for who, dark in ((ta, True), (student, False)):
        page = open_page(who, dark=dark)
        page.goto(path_of(made))
        sheets = page.pdf(prefer_css_page_size=True)
        assert len(SHEET.findall(sheets)) == 1
        assert WIDE.search(sheets)
    page.goto("/bookings/")
    assert not WIDE.search(page.pdf(prefer_css_page_size=True))
