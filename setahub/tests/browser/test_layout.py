"""Every page on small windows, with the longest unbroken names that people can have."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from accounts.models import User
from chat import services
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import ask, hold
from setahub.core import clock as when
from topics.models import Registration, Topic

OF_STUDENT = [
    "/",
    "/calendar/",
    "/topics/",
    "/topics/?q=nothing",
    "/topics/new/",
    "/teach/",
    "/topics/{slug}/",
    "/users/me/",
    "/users/me/edit/",
    "/users/me/notifications/",
    "/users/me/sessions/",
    "/offline/",
    "/users/{ta}/",
    "/users/{ta}/timeslots/?topic={slug}",
    "/bookings/",
    "/bookings/?tab=cancelled",
    "/bookings/new/?slot={slot}&topic={slug}",
    "/bookings/new/?slot={taken}&topic={slug}",
    "/bookings/{booking}/",
    "/bookings/{booking}/cancel/",
    "/bookings/{booking}/reschedule/",
    "/bookings/{cancelled}/",
    "/bookings/{cancelled}/rebook/",
    "/bookings/{cancelled}/rebook/?slot={slot}",
    "/bookings/?tab=requests",
    "/requests/new/?topic={slug}&ta={ta}",
    "/requests/{request}/",
    "/offers/{offer}/",
    "/users/me/avatar/",
    "/users/me/delete/",
    "/auth/email/",
    "/auth/password/change/",
    "/auth/2fa/",
    "/messages/",
    "/messages/{ta}/",
    "/nothing/",
]
OF_TA = [
    "/",
    "/calendar/?week=2026-11-23",
    "/appointments/",
    "/appointments/new/",
    "/appointments/{appointment}/",
    "/appointments/{appointment}/edit/",
    "/appointments/{appointment}/delete/",
    "/appointments/{appointment}/copy/",
    "/appointments/copy-week/",
    "/appointments/week/",
    "/appointments/?tab=requests",
    "/requests/{request}/",
    "/topics/{slug}/unregister/",
    "/users/{student}/",
    "/bookings/{booking}/",
    "/topics/{slug}/edit/",
    "/topics/{slug}/delete/",
    "/messages/{student}/",
    "/users/me/",
    "/offline/",
]
OF_NOBODY = [
    "/",
    "/help/",
    "/privacy/",
    "/offline/",
    "/ta/{ta}/",
    "/ta/{ta}/?qr",
    "/auth/login/",
    "/auth/signup/",
    "/auth/password/reset/",
    "/auth/password/reset/done/",
]


@pytest.fixture
def long(make_user):
    """What nobody broke: names of 50 letters, a topic of 100, a place and a question without end."""
    ta = make_user("ท" * 50, email="ta@example.com", bio="b" * 500, public=True)
    student = make_user("M" * 50, email="student@example.com", year=1)
    topic = Topic.objects.create(name="W" * 100, slug="w" * 50, description="d" * 300, creator=ta)
    Registration.objects.create(user=ta, topic=topic)
    plan = Plan(
        [topic], when.today() + timedelta(days=1), time(13), time(15), 30, 1, "R" * 100, "n" * 300
    )
    [appointment] = appointments.open_time(ta, plan)
    first, second, third, fourth = appointment.slots.order_by("starts_at")
    cancelled = bookings.book(student, third.pk, topic, "q" * 1000)
    bookings.cancel(cancelled, ta, "r" * 500)
    made = bookings.book(student, first.pk, topic, "q" * 1000)
    asked = ask(student, topic, "q" * 1000, shared=True, ta=ta)
    services.send(student.pk, ta.pk, None, "t" * 500)
    services.send(student.pk, ta.pk, None, f"https://x.example/{'l' * 300}\n```\n{'c' * 300}\n```")
    return {
        "ta": ta.pk,
        "student": student.pk,
        "request": asked.pk,
        "offer": hold(fourth, asked).pk,
        "slug": topic.slug,
        "appointment": appointment.pk,
        "taken": first.pk,
        "slot": second.pk,
        "booking": made.pk,
        "cancelled": cancelled.pk,
    }


WIDER = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll('main *')]
    .filter((each) => each.getBoundingClientRect().right > wide + 1)
    .slice(0, 3).map((each) => each.outerHTML.slice(0, 120));
}"""
STUCK = """() => [...document.querySelectorAll('body *')]
  .filter((each) => ['fixed', 'sticky'].includes(getComputedStyle(each).position))
  .filter((each) => each.checkVisibility() && each.offsetHeight)
  .reduce((sum, each) => sum + each.offsetHeight, 0)"""
COVERED = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  if (here.closest('.bar, .tabs-bar, .skip, [data-thread]') || here === document.body) return null;
  const top = document.querySelector('.bar').getBoundingClientRect().bottom;
  const bottom = document.querySelector('.tabs-bar').getBoundingClientRect().top;
  return box.top >= top - 1 && box.bottom <= bottom + 1 ? null : here.outerHTML.slice(0, 120);
}"""


@pytest.mark.parametrize(
    "who, paths",
    [(None, OF_NOBODY), ("student", OF_STUDENT), ("ta", OF_TA)],
    ids=["nobody", "student", "ta"],
)
def test_no_page_scrolls_sideways_or_is_full_of_bars(open_page, long, who, paths):
    page = open_page(who and User.objects.get(pk=long[who]), phone=True)
    wide, stuck = {}, {}

    def resize(width, height):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("[innerWidth, innerHeight]") == [width, height]

    for path in paths:
        page.goto(path.format(**long))
        for width in (320, 390, 1280):
            resize(width, 700)
            if found := page.evaluate(WIDER):
                wide[path, width] = found
        # Magnified four times, the bars leave three quarters of the window.
        resize(320, 225)
        if not path.startswith("/messages/") and (found := page.evaluate(STUCK)) > 225 / 4:
            stuck[path] = found
    assert (wide, stuck) == ({}, {})


def test_all_tabs_of_a_list_are_seen_on_the_smallest_phone(open_page, student):
    page = open_page(student, phone=True)
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto("/bookings/")
    assert page.locator(".tabs").evaluate("tabs => tabs.scrollWidth <= tabs.clientWidth")


def test_magnified_four_times_a_conversation_shows_more_than_its_bars(open_page, long):
    page = open_page(User.objects.get(pk=long["student"]), phone=True)
    page.set_viewport_size({"width": 320, "height": 225})
    page.goto(f"/messages/{long['ta']}/")
    assert page.locator("[data-log]").bounding_box()["height"] >= 225 / 3


@pytest.mark.parametrize("path", ["/bookings/new/?slot={slot}&topic={slug}", "/users/me/"])
def test_what_has_the_focus_is_under_no_bar(open_page, long, path):
    page = open_page(User.objects.get(pk=long["student"]), phone=True)
    page.goto(path.format(**long))
    covered = []
    for _step in range(40):
        page.keyboard.press("Tab")
        if found := page.evaluate(COVERED):
            covered.append(found)
    assert covered == []


def test_the_button_that_books_is_in_reach_above_the_bar(open_page, long):
    page = open_page(User.objects.get(pk=long["student"]), phone=True)
    for height in (560, 664, 844):
        page.set_viewport_size({"width": 390, "height": height})
        page.goto("/bookings/new/?slot={slot}&topic={slug}".format(**long))
        page.locator("[name=question]").scroll_into_view_if_needed()
        button = page.get_by_role("button", name="Book this time")
        below = button.bounding_box()
        bar = page.locator(".tabs-bar").bounding_box()
        assert below["y"] + below["height"] <= bar["y"]


def test_a_printed_page_has_its_words_and_nothing_to_press(open_page, student):
    page = open_page(student)
    page.emulate_media(media="print", color_scheme="dark")
    page.goto("/bookings/")
    for what in (".bar", ".tabs-bar", ".tabs"):
        for each in page.locator(what).all():
            expect(each).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    paper = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert paper == "light only"
