"""axe finds nothing on any page, on a phone in the dark and on a desk in the light."""

from datetime import time, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from chat import services
from scheduling.services import appointments, booking
from scheduling.services.plan import Plan
from setahub.lib import when

PUBLIC = ["/", "/auth/login/", "/auth/signup/", "/auth/password/reset/"]
OF_USERS = [
    "/",
    "/topics/",
    "/topics/{slug}/",
    "/topics/new/",
    "/users/me/",
    "/users/me/edit/",
    "/users/me/avatar/",
    "/users/me/emails/",
    "/users/me/sessions/",
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
    "/bookings/",
    "/bookings/?tab=cancelled",
    "/bookings/new/?slot={slot}",
    "/bookings/{booking}/",
    "/bookings/{booking}/cancel/",
    "/bookings/{booking}/reschedule/",
    "/messages/",
    "/messages/{student}/",
    "/messages/report/{message}/",
    "/nothing/",
]
# The student sees these as their own; the TA the others.
OF_STUDENT = ("/bookings/new/", "/bookings/", "/users/{ta}", "/topics/", "/users/me")


def violations(page) -> list[str]:
    # It would fetch the style sheets again and put them into the page, which the policy refuses.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.fixture
def world(ta, student, topic):
    plan = Plan(
        [topic], when.today() + timedelta(days=1), time(13), time(15), 30, 1, "Room 504", "Bring it"
    )
    [appointment] = appointments.open_time(ta, plan)
    first, second, *_ = appointment.slots.order_by("starts_at")
    made = booking.book(student, first.pk, topic, "Why?")
    said = services.send(student.pk, ta.pk, None, "See https://example.com\n```\nx = 1\n```")
    services.send(ta.pk, student.pk, None, "Thank you")
    return {
        "slug": topic.slug,
        "ta": ta.pk,
        "appointment": appointment.pk,
        "slot": second.pk,
        "booking": made.pk,
        "student": student.pk,
        "message": said.pk,
    }


@pytest.mark.parametrize(
    ("phone", "dark"), [(True, True), (False, False)], ids=["phone dark", "desk light"]
)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(open_page, world, ta, student, phone, dark):
    found = {}
    visitor = open_page(phone=phone, dark=dark)
    pages = {None: visitor, "student": open_page(student, phone=phone, dark=dark)}
    pages["ta"] = open_page(ta, phone=phone, dark=dark)
    todo = [(None, path) for path in PUBLIC]
    todo += [("student" if path.startswith(OF_STUDENT) else "ta", path) for path in OF_USERS]
    for who, path in todo:
        page = pages[who]
        page.goto(path.format(**world))
        problems = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append("scrolls sideways")
        if problems:
            found[f"{who} {path}"] = problems
    assert found == {}
