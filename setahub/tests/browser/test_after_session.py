"""What remains of a session, by axe and by width: each page of it in the state that it is made for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling.models import Booking, TimeSlot
from scheduling.services import bookings, care, records, reliability, takeaways
from scheduling.tests.factories import book, open_time, slots_of, tomorrow
from setahub.core import clock as when
from setahub.tests.browser.test_accessibility import problems_of

HALF = timedelta(minutes=30)


@pytest.fixture
def seats(student, ta, topic):
    """Six bookings: the first is on, the others ended hours ago, one after the other."""
    slots = slots_of(open_time(ta, topic, start="09:00", end="12:00"))
    made = [book(student, slot) for slot in slots[:1]]
    now = timezone.now().replace(second=0, microsecond=0)
    starts = [now - HALF / 2, *(now - timedelta(hours=5) - number * HALF for number in range(5))]
    for slot in slots[1:]:
        made.append(
            Booking.objects.create(
                slot=slot, student=student, ta=ta, topic=topic, question="Why?", status="completed"
            )
        )
    for slot, start in reversed(list(zip(slots, starts, strict=True))):
        TimeSlot.objects.filter(pk=slot.pk).update(starts_at=start, ends_at=start + HALF)
    session = slots[0].appointment
    type(session).objects.filter(pk=session.pk).update(
        starts_at=starts[0], ends_at=starts[0] + 2 * HALF
    )
    return [Booking.objects.with_people().get(pk=each.pk) for each in made]


@pytest.fixture
def paths(seats, student, ta, staff):
    """Of the student, of the TA, of anybody."""
    on, left, missed, disputed, reported, plain = seats
    takeaways.leave(left, ta, "Rotations", "Deletions", "https://visualgo.net/en/bst")
    takeaways.thank(left, student, "yes", "Thank you")
    for each in (missed, disputed):
        bookings.mark_no_show(each, ta)
    reliability.dispute(disputed, student, "I was there.")
    bookings.report_ta_absent(reported, student)
    today = when.today()
    stands = records.issue(ta, today - timedelta(days=30), today)
    ended = records.issue(ta, today - timedelta(days=9), today)
    records.take_back(ended, ta)
    care.set_limits(ta, weekly_slots=3, slots_in_a_row=2, away_until=tomorrow())
    session = on.slot.appointment_id
    return {
        student: [
            *(f"/bookings/{each.pk}/" for each in seats),
            f"/check-in/{session}/?code=123456",
            f"/bookings/{missed.pk}/dispute/",
            f"/bookings/{plain.pk}/thanks/",
            f"/bookings/{plain.pk}/again/",
            "/bookings/?tab=completed&q=rotations",
            f"/messages/{ta.pk}/",
            "/users/me/",
        ],
        ta: [
            f"/appointments/{session}/check-in/",
            f"/appointments/{session}/",
            *(f"/bookings/{each.pk}/" for each in (left, reported)),
            f"/bookings/{plain.pk}/takeaway/",
            "/users/me/record/",
            "/users/me/teaching/",
        ],
        None: [stands.get_absolute_url(), ended.get_absolute_url()],
    }


def test_axe_finds_nothing_and_no_page_scrolls_sideways(open_page, paths):
    found = {}
    for person, wanted in paths.items():
        page = open_page(person)
        for path in wanted:
            page.goto(path)
            if problems := problems_of(page):
                found[path] = problems
        page.context.close()
    assert found == {}
