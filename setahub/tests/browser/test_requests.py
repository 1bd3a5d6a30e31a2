"""Who finds no time asks for some, and a TA answers: as few taps as promised."""

import pytest

from scheduling.models import Appointment, Booking, HelpRequest, Offer
from scheduling.services import requests
from scheduling.tests.factories import ask, open_time
from setahub.core import clock as when

JAVASCRIPT = pytest.mark.parametrize(
    "javascript", [True, False], ids=["with JavaScript", "without"]
)


@JAVASCRIPT
def test_asking_takes_two_taps_and_the_question(open_page, student, ta, topic, javascript):
    page = open_page(student, phone=True, javascript=javascript)
    page.goto(topic.get_absolute_url())
    page.get_by_role("link", name="Ask for time").first.click()
    page.fill("[name=question]", "Why does my tree rotate?")
    page.get_by_role("button", name="Ask for time").click()
    page.wait_for_url("**/requests/*/")
    asked = HelpRequest.objects.get()
    assert (asked.student, asked.topic, asked.question) == (
        student, topic, "Why does my tree rotate?",
    )  # fmt: skip
    assert page.get_by_text("1st", exact=True).is_visible()


@JAVASCRIPT
def test_opening_time_for_a_request_takes_three_taps_and_it_can_be_taken(
    open_page, student, stranger, ta, topic, javascript, run_tasks
):
    open_time(ta, topic)  # a TA who has opened time before has a place already
    asked = ask(student, topic, shared=True, parts=["evening"])
    requests.join(asked, stranger)
    page = open_page(ta, phone=True, javascript=javascript)
    page.goto("/appointments/")
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name="Open time for this").click()
    page.get_by_role("button", name="Open this time").click()
    page.wait_for_url("**/appointments/*/")
    assert page.get_by_text("Offers went to 2 students").is_visible()
    session = Appointment.objects.latest("pk")
    assert (session.capacity, when.local(session.starts_at).hour) == (2, 17)
    run_tasks()
    offer = Offer.objects.get(student=student)

    page = open_page(student, phone=True, javascript=javascript)
    page.goto("/")
    page.locator(f"[data-offer-id='{offer.pk}'] a").click()
    page.get_by_role("button", name="Take it").click()
    page.wait_for_url("**/bookings/*/")
    assert Booking.objects.get().question == asked.question
