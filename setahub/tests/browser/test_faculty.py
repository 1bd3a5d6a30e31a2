"""Signing in with the faculty in a real browser, which holds each page to its policy."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.provider import provider as running_provider
from scheduling.models import Booking
from scheduling.tests.factories import open_time, slots_of

MALEE = {"email": "malee@kmitl.ac.th", "email_verified": True, "name": "Malee Dee"}


@pytest.fixture(scope="module")
def running():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def faculty(running, settings):
    """The provider that this site takes for the faculty's; Malee has an account there."""
    running.is_the_faculty(settings)
    running.problems.clear()
    running.knows("7", **MALEE)
    return running


@pytest.fixture
def shared(ta):
    ta.public = True
    ta.save()
    return ta


def sign_in_there(page: Page, subject: str = "7") -> None:
    page.get_by_role("button", name="Sign in with KMITL").click()
    page.get_by_role("textbox", name="sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def visitor(open_page, **shape) -> Page:
    page: Page = open_page(**shape)
    page.route(re.compile("jsdelivr"), lambda route: route.abort())  # how the provider looks
    return page


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("phone", [True, False])
def test_from_a_tapped_time_by_the_button_to_its_booking(
    open_page, faculty, shared, topic, phone, javascript
):
    slot = slots_of(open_time(shared, topic))[1]
    page = visitor(open_page, phone=phone, javascript=javascript)
    page.goto(f"/ta/{shared.pk}/")
    page.locator(f'[data-slot-id="{slot.pk}"]').click()
    sign_in_there(page)
    name = page.get_by_label("Name", exact=False).first
    expect(name).to_have_value("Malee Dee")
    name.fill("มาลี")
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile(rf"/bookings/new/\?slot={slot.pk}$"))
    page.locator("[name=question]").fill("Why does it rotate?")
    page.get_by_role("button", name="Book this time").click()
    expect(page).to_have_url(re.compile(r"/bookings/\d+/$"))
    assert Booking.objects.get().student == User.objects.get(email=MALEE["email"])
    assert faculty.problems == []


@pytest.mark.parametrize("javascript", [True, False])
def test_next_time_the_button_leads_right_to_where_one_was_going(open_page, faculty, javascript):
    first = visitor(open_page)
    first.goto("/auth/signup/")
    sign_in_there(first)
    first.get_by_role("button", name="Continue").click()
    expect(first).to_have_url(re.compile(r"/$"))
    page = visitor(open_page, javascript=javascript)
    page.goto("/bookings/?tab=completed")
    sign_in_there(page)
    expect(page).to_have_url(re.compile(r"/bookings/\?tab=completed$"))


def test_where_the_issuer_is_away_its_page_says_so_and_leads_back(open_context, student, settings):
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "http://localhost:9", "setahub"
    settings.OIDC_NAME = "KMITL"
    page = open_context(phone=True).new_page()
    page.goto("/bookings/")
    page.get_by_role("button", name="Sign in with KMITL").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your faculty does not answer")
    page.get_by_role("link", name="Try again").click()
    page.get_by_label("Email").fill(student.email)
    page.get_by_label("Password").fill("pass-word-1")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/bookings/$"))
