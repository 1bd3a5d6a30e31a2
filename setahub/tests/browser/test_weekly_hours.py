"""A TA's term, as people open it: on a phone and on a desk, with and without JavaScript, in Thai too.

What a new TA needs on a phone, from the landing page to a first open week, is counted: 5 screens, 7 taps,
one swipe, and 4 things to type (name, email, password, place). At 3 seconds a tap or swipe and 6 a thing to
type that is 48 seconds; it stands in CONTRIBUTING.md too.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from scheduling.models import Appointment, Booking
from scheduling.services import bookings
from scheduling.tests.factories import open_time
from setahub.core import clock as when
from setahub.tests.browser.test_accessibility import problems_of

WEEK = "/appointments/week/"
SECONDS = {"tap": 3, "type": 6}  # as people who know their phone do it
MOST_SECONDS = 60


class Hand:
    """Taps and types as a person does, and keeps count; a thing must be on the screen, or is swiped to."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = self.typed = self.swipes = 0
        self.screens = [""]
        page.on("framenavigated", lambda frame: self.screens.append(frame.url.split("?")[0]))

    def reach(self, thing: Locator) -> Locator:
        expect(thing).to_be_attached()
        in_sight = "e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight }"
        if not thing.evaluate(in_sight):
            self.swipes += 1
            thing.scroll_into_view_if_needed()
        return thing

    def tap(self, thing: Locator) -> None:
        self.taps += 1
        self.reach(thing).click()

    def type(self, thing: Locator, text: str) -> None:
        self.typed += 1
        self.reach(thing).fill(text)

    @property
    def seconds(self) -> int:
        return SECONDS["tap"] * (self.taps + self.swipes) + SECONDS["type"] * self.typed


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_landing_page_to_a_first_open_week_on_a_phone(
    open_page, topic, creator, javascript
):
    page = open_page(phone=True, javascript=javascript)
    page.goto("/")
    hand = Hand(page)
    hand.tap(page.locator("main a[href='/auth/signup/?next=/teach/']").first)

    hand.type(page.locator("[name=username]"), "Mali")
    hand.type(page.locator("[name=email]"), "mali@example.com")
    hand.type(page.locator("[name=password1]"), "a long password 42")
    hand.tap(page.get_by_role("button", name="Create my account"))
    page.wait_for_url("**/teach/")

    hand.tap(page.locator("label:has([name=year][value='3'])"))
    hand.tap(page.locator("label:has([name=topics])").first)
    hand.tap(page.get_by_role("button", name="Teach these topics"))
    page.wait_for_url("**/appointments/week/**")

    hand.tap(page.locator("#day-1 label:has([role=switch])"))
    hand.type(page.locator("#day-1 [name$=location]"), "Room 504")
    if javascript:
        expect(page.locator("#hours-sum")).to_have_text("48 slots in 12 weeks")
    hand.tap(page.get_by_role("button", name="Open these hours"))
    page.wait_for_url("**/appointments/")

    mali = User.objects.get(username="Mali")
    assert Appointment.objects.of(mali.pk).count() == 12
    screens = list(dict.fromkeys(url for url in hand.screens if url))
    assert len(screens) + 1 == 5, screens  # the landing page, where it began, with them
    assert (hand.taps, hand.typed) == (7, 4)
    assert hand.swipes <= 2
    assert hand.seconds <= MOST_SECONDS


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["en", "th"])
def test_the_term_is_seen_while_it_is_typed(open_page, ta, topic, phone, language):
    User.objects.filter(pk=ta.pk).update(language=language)
    monday = when.monday(when.today()) + timedelta(weeks=1)
    open_time(ta, topic, day=monday + timedelta(days=2), start="14:00", end="16:00")
    page = open_page(ta, phone=phone)
    page.goto(WEEK)
    for day in (0, 2):
        page.locator(f"#day-{day} [role=switch]").check()
        page.locator(f"#day-{day} [name$=start]").select_option("13:00")
        page.locator(f"#day-{day} [name$=end]").select_option("15:00")
        page.locator(f"#day-{day} [name$=location]").fill("Room 504")
    page.locator("#day-2 .hours-add").click()
    again = page.locator("#day-2 .hours-row").nth(1)
    expect(again.locator("[name$=start]")).to_be_focused()
    expect(again.locator("[name$=location]")).to_have_value("Room 504")
    again.locator("[name$=start]").select_option("18:00")
    again.locator("[name$=end]").select_option("19:00")
    until = (when.today() + timedelta(weeks=2)).isoformat()
    page.locator("[name=repeat_until]").select_option(until)

    term = page.locator(".hours-term")
    expect(term.locator("[data-kind=clash]")).to_have_count(1)
    sums = {"en": "slots in", "th": "ช่อง ใน"}
    expect(page.locator(".hours-total")).to_contain_text(sums[language])
    assert Appointment.objects.count() == 1

    page.locator(".hours-side .actions .btn.primary").click()
    expect(page.locator("#clashes [data-form-errors]")).to_be_focused()
    expect(page.locator("#refused")).to_be_visible()
    assert Appointment.objects.count() == 1
    expect(page.locator("#day-2 .hours-row").nth(1).locator("[name$=start]")).to_have_value("18:00")
    page.locator("[name=skip_conflicts]").check()
    expect(page.locator("#refused")).to_be_hidden()  # nothing stale is left
    expect(page.locator("#clashes .notice.warn")).to_be_visible()
    expect(page.locator("[name=skip_conflicts]")).to_be_checked()
    page.locator(".hours-side .actions .btn.primary").click()
    page.wait_for_url("**/appointments/")
    assert (
        Appointment.objects.filter(
            starts_at__gte=when.at(monday, timezone.now().time().min)
        ).count()
        >= 6
    )


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_without_javascript_another_time_and_the_preview_are_buttons(open_page, ta, topic, phone):
    page = open_page(ta, phone=phone, javascript=False)
    page.goto(WEEK)
    page.locator("#day-3 [role=switch]").check()
    page.locator("#day-3 [name$=location]").fill("Lab 2")
    page.locator("#day-3 .hours-add").click()
    again = page.locator("#day-3 .hours-row").nth(1)
    assert page.locator("#day-3 [name$=location]").first.input_value() == "Lab 2"
    again.locator("[name$=start]").select_option("18:00")
    again.locator("[name$=end]").select_option("19:00")
    page.locator("button[name=preview]").click()
    expect(page.locator(".hours-total")).to_contain_text("slots in")
    assert not Appointment.objects.exists()
    page.get_by_role("button", name="Open these hours").click()
    page.wait_for_url("**/appointments/")
    assert len(set(Appointment.objects.values_list("series", flat=True))) == 2


def test_a_day_that_is_switched_on_begins_as_the_one_before(open_page, ta, topic):
    page = open_page(ta)
    page.goto(WEEK)
    page.locator("#day-0 [role=switch]").check()
    page.locator("#day-0 [name$=start]").select_option("09:00")
    page.locator("#day-0 [name$=end]").select_option("11:00")
    page.locator("#day-0 [name$=location]").fill("Lab 2")
    page.locator("#day-4 [role=switch]").check()
    friday = page.locator("#day-4")
    expect(friday.locator("[name$=start]")).to_have_value("09:00")
    expect(friday.locator("[name$=end]")).to_have_value("11:00")
    expect(friday.locator("[name$=location]")).to_have_value("Lab 2")


def day_of(page, number):
    """Start, end and place of a weekday."""
    row = page.locator(f"#day-{number} .hours-row").first
    return [row.locator(f"[name$={name}]").input_value() for name in ("start", "end", "location")]


def test_days_follow_the_one_before_until_something_in_them_is_touched(open_page, ta, topic):
    page = open_page(ta, phone=True)
    page.goto(WEEK)
    for day in (0, 1, 2):
        page.locator(f"#day-{day} [role=switch]").check()
    page.locator("#day-0 [name$=location]").fill("Lab 2")
    page.locator("#day-0 [name$=start]").select_option("09:00")
    assert [day_of(page, day) for day in (0, 1, 2)] == [["09:00", "11:00", "Lab 2"]] * 3
    page.locator("#day-1 [name$=location]").fill("Lab 3")
    assert day_of(page, 0) == ["09:00", "11:00", "Lab 2"]  # switched on earlier
    assert day_of(page, 2) == ["09:00", "11:00", "Lab 3"]
    page.locator("#day-0 [name$=start]").select_option("10:00")
    assert [day_of(page, day)[0] for day in (0, 1, 2)] == ["10:00", "09:00", "10:00"]
    # Another time of the day changes nothing of that, nor follows.
    page.locator("#day-1 .hours-add").click()
    again = page.locator("#day-1 .hours-row").nth(1)
    expect(again.locator("[name$=start]")).to_be_focused()
    again.locator("[name$=start]").select_option("18:00")
    expect(again.locator("[name$=end]")).to_have_value("20:00")
    page.locator("#day-0 [name$=location]").fill("Lab 4")
    assert [day_of(page, day)[2] for day in (0, 1, 2)] == ["Lab 4", "Lab 3", "Lab 4"]
    expect(again.locator("[name$=location]")).to_have_value("Lab 3")


def test_an_end_follows_its_start_until_it_is_touched(open_page, ta, topic):
    page = open_page(ta)
    page.goto(WEEK)
    page.locator("#day-3 [role=switch]").check()
    start, end = (page.locator(f"#day-3 [name$={name}]") for name in ("start", "end"))
    start.select_option("17:30")
    expect(end).to_have_value("19:30")
    start.select_option("23:00")
    expect(end).to_have_value("24:00")  # as far as the day goes
    end.select_option("23:30")
    start.select_option("21:00")
    expect(end).to_have_value("23:30")


def test_what_was_refused_is_told_apart_already(open_page, ta, topic):
    page = open_page(ta)
    page.goto(WEEK)
    for day, room in ((0, "Lab 1"), (1, "Lab 2"), (2, "")):
        page.locator(f"#day-{day} [role=switch]").check()
        page.locator(f"#day-{day} [name$=location]").fill(room)
    page.get_by_role("button", name="Open these hours").click()
    expect(page.locator("#day-2 [name$=location]")).to_be_focused()
    page.locator("#day-0 [name$=location]").fill("Lab 9")
    assert [day_of(page, day)[2] for day in (0, 1)] == ["Lab 9", "Lab 2"]


def test_the_last_day_is_one_of_few(open_page, ta, topic):
    page = open_page(ta)
    page.goto(WEEK)
    options = page.locator("[name=repeat_until] option").all_text_contents()
    assert len(options) == 26
    day = when.today() + timedelta(weeks=12)
    assert options[11] == f"{when.day_short(day)} (12 weeks)"
    expect(page.locator("[name=repeat_until]")).to_have_value(day.isoformat())


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_topics_to_teach_are_searched_and_what_is_ticked_stays(
    open_page, stranger, make_topics, phone, javascript
):
    page = open_page(stranger, phone=phone, javascript=javascript)
    page.goto("/")
    page.get_by_role("link", name="Become a TA").first.click()
    page.wait_for_url("**/teach/")
    page.locator("label:has([name=topics])", has_text="Compilers").click()
    page.fill("#teach-search", "netw")
    if not javascript:
        page.get_by_role("button", name="Search").click()
    boxes = page.locator("#teach-topics label")
    expect(boxes).to_have_count(2)
    expect(boxes.first.locator("input")).to_be_checked()
    boxes.nth(1).click()
    page.get_by_role("button", name="Teach these topics").click()
    page.wait_for_url("**/appointments/week/**")
    assert stranger.registrations.count() == 2
    expect(page.locator("[name=topics]:checked")).to_have_count(2)


@pytest.fixture
def make_topics(topic, creator):
    """Three topics to teach."""
    from topics.models import Topic

    for name in ("Networks", "Compilers"):
        Topic.objects.create(name=name, slug=name.lower(), creator=creator)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_how_a_session_went_is_said_on_its_page(open_page, ta, topic, make_user, phone, javascript):
    session = open_time(ta, topic, capacity=3)
    slot = session.slots.order_by("starts_at")[0]
    made = [
        bookings.book(make_user(name, year=1), slot.pk, topic, "Why?")
        for name in ("Anong", "Boon", "Chai")
    ]
    begun = timezone.now() - timedelta(minutes=20)
    Appointment.objects.filter(pk=session.pk).update(
        starts_at=begun, ends_at=begun + timedelta(hours=2)
    )
    session.slots.filter(pk=slot.pk).update(starts_at=begun, ends_at=begun + timedelta(minutes=30))
    page = open_page(ta, phone=phone, javascript=javascript)
    page.goto(f"/appointments/{session.pk}/")
    page.get_by_role("button", name="Everyone came").click()
    expect(page.get_by_role("button", name="Everyone came")).to_have_count(0)
    statuses = Booking.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses.all()) == ["completed"] * 3

    page.goto("/appointments/")
    page.get_by_role("link", name="How it went").click()
    page.wait_for_url("**#outcomes")
    boon = page.get_by_role("group", name="Boon")
    boon.get_by_label("Did not come").check()
    if not javascript:
        boon.get_by_label("Came", exact=True).uncheck()
    expect(boon.get_by_label("Came", exact=True)).not_to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Thank you, we have noted it.")).to_be_visible()
    assert list(statuses.all()) == ["completed", "no_show", "completed"]
    assert len(made) == 3


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_a_week_is_copied_after_it_was_shown(open_page, ta, topic, phone, javascript):
    monday = when.monday(when.today())
    first = open_time(ta, topic, day=monday + timedelta(days=8))
    page = open_page(ta, phone=phone, javascript=javascript)
    page.goto("/appointments/")
    page.get_by_role("link", name="Copy a week").click()
    page.wait_for_url("**/copy-week/", wait_until="load")  # what is chosen earlier shows no preview
    page.locator("[name=week]").select_option((monday + timedelta(weeks=1)).isoformat())
    page.locator("[name=to]").select_option((monday + timedelta(weeks=3)).isoformat())
    if not javascript:
        page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview li")).to_have_count(1)
    expect(page.locator("#preview li")).to_contain_text(when.day_short(monday + timedelta(days=22)))
    assert Appointment.objects.get() == first
    page.get_by_role("button", name="Copy the week").click()
    page.wait_for_url("**/appointments/*/")
    assert Appointment.objects.count() == 2


def test_axe_finds_nothing_on_what_is_filled_in(open_page, ta, topic, make_user):
    """A term with a clash, a session to be settled, and the choice of topics of who told no year."""
    session = open_time(ta, topic)
    slot = session.slots.order_by("starts_at")[0]
    bookings.book(make_user("Anong", year=1), slot.pk, topic, "Why?")
    begun = timezone.now() - timedelta(minutes=20)
    ends = begun + timedelta(hours=2)
    page = open_page(ta)
    page.goto(WEEK)
    weekday = when.local(session.starts_at).weekday()
    page.locator(f"#day-{weekday} [role=switch]").check()
    expect(page.locator(".hours-term [data-kind=clash]")).to_have_count(1)
    page.locator(f"#day-{weekday} .hours-add").click()
    expect(page.locator(f"#day-{weekday} .hours-row")).to_have_count(2)
    assert problems_of(page) == []

    Appointment.objects.filter(pk=session.pk).update(starts_at=begun, ends_at=ends)
    session.slots.filter(pk=slot.pk).update(starts_at=begun, ends_at=begun + timedelta(minutes=30))
    page.goto(f"/appointments/{session.pk}/")
    assert page.locator("[data-outcomes]").is_visible()
    assert problems_of(page) == []

    page = open_page(make_user("Nobody knows", year=None))
    page.goto("/teach/")
    assert problems_of(page) == []
