"""A takeaway that is typed on a shared computer: nothing is lost, and nothing stays behind."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from scheduling.models import Booking, Takeaway, TimeSlot
from scheduling.tests.factories import book, open_time, slots_of


@pytest.fixture
def over(student, ta, topic):
    """A booking that ended an hour ago."""
    made = book(student, slots_of(open_time(ta, topic))[0])
    now = timezone.now().replace(second=0, microsecond=0)
    TimeSlot.objects.filter(pk=made.slot_id).update(
        starts_at=now - timedelta(minutes=90), ends_at=now - timedelta(minutes=60)
    )
    return Booking.objects.get(pk=made.pk)


def test_what_is_typed_outlasts_leaving_the_page_and_ends_with_the_sign_out(open_page, over, ta):
    page = open_page(ta)
    page.goto(f"/bookings/{over.pk}/takeaway/")
    page.get_by_label("What you did").fill("AVL rotations")
    page.get_by_label("Next step").fill("Deletions")
    page.goto("/topics/")
    page.goto(f"/bookings/{over.pk}/takeaway/")
    expect(page.get_by_label("What you did")).to_have_value("AVL rotations")
    expect(page.get_by_text("What you typed before is back here.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Takeaway")).to_be_visible()
    assert Takeaway.objects.get().next_step == "Deletions"
    page.goto(f"/bookings/{over.pk}/takeaway/")
    expect(page.get_by_text("What you typed before is back here.")).to_be_hidden()
    page.get_by_label("Next step").fill("Half a thought")
    kept = "Object.keys(localStorage).filter(key => key.includes('.kept.')).length"
    assert page.evaluate(kept) == 1
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[data-sign-out]').requestSubmit()")
    assert page.evaluate(kept) == 0
