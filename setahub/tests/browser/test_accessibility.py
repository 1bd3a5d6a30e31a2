"""axe finds nothing on any page, on a phone in the dark and on a desk in the light."""

from datetime import time, timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from chat import services
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import ask, hold
from setahub.core import clock as when
from setahub.tests.browser.conftest import DESK, PHONE

PUBLIC = [
    "/",
    "/help/",
    "/privacy/",
    "/offline/",
    "/ta/{ta}/",
    "/ta/{ta}/?qr",
    "/auth/login/",
    "/auth/signup/",
    "/auth/password/reset/",
]
OF_USERS = [
    "/",
    "/calendar/",
    "/topics/",
    "/topics/{slug}/",
    "/topics/new/",
    "/teach/",
    "/users/me/",
    "/users/me/edit/",
    "/users/me/avatar/",
    "/users/me/notifications/",
    "/users/me/sessions/",
    "/offline/",
    "/users/me/delete/",
    "/auth/2fa/",
    "/users/{ta}/",
    "/users/{ta}/timeslots/",
    "/auth/password/change/",
    "/auth/email/",
    "/appointments/",
    "/appointments/new/",
    "/appointments/{appointment}/",
    "/appointments/{appointment}/edit/",
    "/appointments/{appointment}/delete/",
    "/appointments/copy-week/",
    "/appointments/week/",
    "/bookings/",
    "/bookings/?tab=cancelled",
    "/bookings/new/?slot={slot}",
    "/bookings/{booking}/",
    "/bookings/{booking}/cancel/",
    "/bookings/{booking}/reschedule/",
    "/bookings/?tab=requests",
    "/appointments/?tab=requests",
    "/appointments/new/?request={request}",
    "/requests/new/",
    "/requests/new/?topic={slug}&ta={ta}",
    "/requests/{request}/",
    "/offers/{offer}/",
    "/messages/",
    "/messages/{student}/",
    "/messages/report/{message}/",
    "/nothing/",
]
# The student sees these as their own; the TA the others.
OF_STUDENT = (
    "/bookings/new/",
    "/bookings/",
    "/users/{ta}",
    "/topics/",
    "/users/me",
    "/offline/",
    "/requests/",
    "/offers/",
)


# The phone is the last one: what follows on the page is done on it.
SHAPES: dict[str, tuple[Any, Any]] = {"desk light": (DESK, "light"), "phone dark": (PHONE, "dark")}


def problems_of(page: Page) -> list[str]:
    """What axe finds on the page as it is, and whether it scrolls sideways, in each of SHAPES."""
    found = []
    for shape, (size, colours) in SHAPES.items():
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colours)
        found += [f"{shape}: {problem}" for problem in violations(page)]
        assert page.evaluate("innerWidth") == size["width"]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{shape}: scrolls sideways")
    return found


def violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # It would fetch the style sheets again and put them into the page, which the policy refuses.
    rules = {"label-content-name-mismatch": {"enabled": True}}  # WCAG 2.5.3, off by itself
    options = {"preload": False, "resultTypes": ["violations"], "rules": rules}
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.fixture
def world(ta, student, topic):
    ta.public = True
    ta.save()
    plan = Plan(
        [topic], when.today() + timedelta(days=1), time(13), time(15), 30, 1, "Room 504", "Bring it"
    )
    [appointment] = appointments.open_time(ta, plan)
    first, second, third, *_ = appointment.slots.order_by("starts_at")
    made = bookings.book(student, first.pk, topic, "Why?")
    asked = ask(student, topic, shared=True)
    offer = hold(third, asked)
    said = services.send(student.pk, ta.pk, None, "See https://example.com\n```\nx = 1\n```")
    services.send(ta.pk, student.pk, None, "Thank you")
    return {
        "request": asked.pk,
        "offer": offer.pk,
        "slug": topic.slug,
        "ta": ta.pk,
        "appointment": appointment.pk,
        "slot": second.pk,
        "booking": made.pk,
        "student": student.pk,
        "message": said.pk,
    }


@pytest.mark.parametrize("who", ["nobody", "student", "ta"])
def test_axe_finds_nothing_and_no_page_scrolls_sideways(open_page, world, ta, student, who):
    page = open_page({"nobody": None, "student": student, "ta": ta}[who])
    found = {}
    for path in PUBLIC if who == "nobody" else OF_USERS:
        if who == "nobody" or path.startswith(OF_STUDENT) is (who == "student"):
            page.goto(path.format(**world))
            if problems := problems_of(page):
                found[path] = problems
    assert found == {}
