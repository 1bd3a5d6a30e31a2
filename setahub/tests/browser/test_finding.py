"""Finding a time, a topic, a TA: on a phone and a desk, with JavaScript and without."""

import re
from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from scheduling.services import appointments
from scheduling.services.plan import Plan
from setahub.core import clock as when
from topics.models import Topic

pytestmark = pytest.mark.usefixtures("clock")
EVERYBODY = [(True, True), (True, False), (False, True), (False, False)]
LONG = "Lists, trees, heaps, hash tables and graphs; the proofs as well as the code. " * 20


def open_time(ta, topic, start, location="Room 504"):
    day = when.today() + timedelta(days=1)
    plan = Plan([topic], day, time(start), time(start + 1), 30, 1, location)
    return appointments.open_time(ta, plan)[0]


@pytest.fixture
def times(ta, topic):
    """One hour in the morning on campus, one in the evening online."""
    open_time(ta, topic, 9)
    open_time(ta, topic, 18, "https://meet.example.com/seta")


@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("path", ["/topics/{slug}/", "/users/{ta}/timeslots/"])
@pytest.mark.parametrize("javascript", [True, False])
def test_the_first_time_is_in_the_first_screen_of_a_phone(
    open_page, student, ta, topic, times, path, javascript, language
):
    Topic.objects.update(description=LONG)
    student.language = language
    student.save()
    page = open_page(student, phone=True, javascript=javascript)
    page.goto(path.format(slug=topic.slug, ta=ta.pk))
    first = page.locator("main a.chip[data-slot-id]").first
    box, bar = first.bounding_box(), page.locator(".tabs-bar").bounding_box()
    assert box["y"] + box["height"] <= bar["y"]


@pytest.mark.parametrize("path", ["/topics/{slug}/", "/users/{ta}/timeslots/"])
@pytest.mark.parametrize(("phone", "javascript"), EVERYBODY)
def test_chips_narrow_the_times_and_the_address_follows(
    open_page, student, ta, topic, times, path, phone, javascript
):
    page = open_page(student, phone=phone, javascript=javascript)
    page.goto(path.format(slug=topic.slug, ta=ta.pk))
    loaded = []
    page.on("load", lambda loading: loaded.append(loading))
    chips = page.locator("#times [data-slot-id]")
    expect(chips).to_have_count(4)
    page.get_by_role("link", name="Evening").click()
    expect(chips).to_have_text(["Tomorrow 18:00", "Tomorrow 18:30"])
    expect(page).to_have_url(re.compile(r"\?part=evening$"))
    page.get_by_role("link", name="On campus").click()
    expect(page.locator("#times")).to_contain_text("No free time fits these filters")
    expect(page).to_have_url(re.compile(r"\?part=evening&place=campus$"))
    assert bool(loaded) is not javascript
    page.get_by_role("link", name="Take the filters off").click()
    expect(chips).to_have_count(4)
    page.go_back()
    expect(page.locator("#times")).to_contain_text("No free time fits these filters")
    page.reload()
    expect(page.locator("#times")).to_contain_text("No free time fits these filters")


def test_a_chosen_chip_keeps_the_focus_and_is_seen(open_page, student, ta, topic, times):
    page = open_page(student, phone=True)
    page.goto(topic.get_absolute_url())
    page.get_by_role("link", name="On campus").press("Enter")
    expect(page.locator("#times [data-slot-id]")).to_have_count(2)
    chosen = page.get_by_role("link", name="On campus take off")
    expect(chosen).to_be_focused()
    box = chosen.bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= 390
    expect(page.locator("#found")).to_have_text("Today: nothing free that fits. The next:")


def test_a_long_description_opens_on_a_phone(open_page, student, topic):
    Topic.objects.update(description=LONG)
    page = open_page(student, phone=True, javascript=False)
    page.goto(topic.get_absolute_url())
    words = page.locator(".topic-words .prose")
    assert words.bounding_box()["height"] < 80
    page.get_by_text("More", exact=True).click()
    assert words.bounding_box()["height"] > 400


@pytest.mark.parametrize(("phone", "javascript"), EVERYBODY)
def test_what_one_is_stuck_on_is_found_from_the_start_page(
    open_page, student, ta, topic, phone, javascript
):
    Topic.objects.create(name="Database Systems", keywords="SQL, joins", creator=ta)
    page = open_page(student, phone=phone, javascript=javascript)
    page.goto("/")
    box = page.get_by_label("What are you stuck on?")
    box.fill("joins")
    assert box.bounding_box()["y"] < 400
    box.press("Enter")
    expect(page.locator("[data-topic-slug]")).to_have_count(1)
    expect(page.locator("[data-topic-slug]")).to_contain_text("Database Systems")
    expect(page).to_have_url(re.compile(r"/topics/\?q=joins$"))
    if javascript:  # goes on typing, letter by letter, and back is one step
        page.get_by_role("searchbox").fill("")
        page.get_by_role("searchbox").press_sequentially("น้ำ", delay=400)
        expect(page.locator("#people")).to_have_text("TAs")
        expect(page.locator("[data-topic-slug]")).to_contain_text("Data Structures")
    page.go_back()
    expect(page.get_by_label("What are you stuck on?")).to_be_visible()


@pytest.mark.parametrize(("phone", "javascript"), EVERYBODY)
def test_help_in_the_evening_online_is_found_from_the_start_page(
    open_page, student, ta, topic, times, phone, javascript
):
    """Four taps to the form of a time: Evening, Online, the topic, the time."""
    Topic.objects.create(name="Data that nobody teaches", creator=ta)
    page = open_page(student, phone=phone, javascript=javascript)
    page.goto("/")
    page.get_by_label("What are you stuck on?").fill("data")
    page.get_by_role("button", name="Evening").click()
    expect(page).to_have_url(re.compile(r"/topics/\?q=data&part=evening$"))
    tiles = page.locator("[data-topic-slug]")
    expect(tiles).to_have_count(1)
    page.get_by_role("link", name="Online").click()
    expect(page).to_have_url(re.compile(r"/topics/\?q=data&part=evening&place=online$"))
    expect(tiles).to_contain_text("Next: tomorrow 18:00")
    if javascript:
        expect(page.get_by_role("link", name="Online take off")).to_be_focused()
        search = page.get_by_role("searchbox")
        search.fill("nothing of that")
        expect(page.locator("#topics")).to_contain_text("No free time fits")
        search.fill("struct")
        expect(page).to_have_url(re.compile(r"\?q=struct&part=evening&place=online$"))
    tiles.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/data-structures/\?part=evening&place=online$"))
    expect(page.locator("#times")).to_contain_text("Today: nothing free that fits. The next:")
    page.locator("#times [data-slot-id]").first.click()
    expect(page.get_by_role("button", name="Book this time")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/topics/", "/topics/data-structures/"])
def test_a_row_of_chips_shows_that_it_goes_on(open_page, student, ta, topic, times, path):
    page = open_page(student, phone=True)
    page.goto(path)
    row = page.locator(".in-a-row").first
    assert row.evaluate("row => row.scrollWidth > row.clientWidth")
    assert "linear-gradient" in row.evaluate("row => getComputedStyle(row).maskImage")
    last = row.locator(".pick").last
    row.evaluate("row => row.scrollTo(row.scrollWidth, 0)")
    edge = row.evaluate("row => row.getBoundingClientRect().right - 48")  # where it begins to fade
    assert last.evaluate("pick => pick.getBoundingClientRect().right") <= edge + 1


@pytest.mark.parametrize(("phone", "javascript"), EVERYBODY)
def test_a_star_is_set_seen_on_the_start_page_and_taken_off(
    open_page, student, ta, topic, times, phone, javascript
):
    page = open_page(student, phone=phone, javascript=javascript)
    for path, name in ((topic.get_absolute_url(), topic.name), (f"/users/{ta.pk}/", ta.username)):
        page.goto(path)
        star = page.get_by_role("button", name=f"Favourite: {name}")
        expect(star).to_have_attribute("aria-pressed", "false")
        star.click()
        expect(star).to_have_attribute("aria-pressed", "true")
        assert star.bounding_box()["width"] >= 44
    page.goto("/")
    rows = page.get_by_role("region", name="Your favourites").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Tomorrow 09:00")
    page.goto(f"/users/{ta.pk}/timeslots/?part=evening")
    star = page.get_by_role("button", name=f"Favourite: {ta.username}")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(r"part=evening$"))
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    if javascript:
        expect(star).to_be_focused()
