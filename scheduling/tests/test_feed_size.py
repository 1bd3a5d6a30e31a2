"""How large the feed of somebody with very many bookings is."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.tests.test_calendars import entries, feed_path
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock")


def given(student, ta, topic, *, days: int, first: int, a_day: int) -> None:
    """So many bookings on each of these days from so many days from today on, from 09:00."""
    begin = when.at(when.today() + timedelta(days=first), time(9))
    length = timedelta(minutes=300 // a_day)
    appointments = Appointment.objects.bulk_create(
        Appointment(
            ta=ta, slot_minutes=60, location="https://meet.example/abc-defg-hij",
            starts_at=begin + timedelta(days=day), ends_at=begin + timedelta(days=day, hours=5),
        )
        for day in range(days)
    )  # fmt: skip
    slots = TimeSlot.objects.bulk_create(
        TimeSlot(
            appointment=each,
            capacity=1,
            starts_at=each.starts_at + number * length,
            ends_at=each.starts_at + (number + 1) * length,
        )
        for each in appointments
        for number in range(a_day)
    )
    Booking.objects.bulk_create(
        Booking(
            slot=slot, student=student, ta=ta, topic=topic, question="Why does it rotate? " * 5,
            starts_at=slot.starts_at, ends_at=slot.ends_at,
        )
        for slot in slots
    )  # fmt: skip


def test_years_of_a_busy_ta_stay_small_and_quick(student, ta, topic):
    """1,500 bookings, five on each day from 270 days ago on: less than 300 kB.


    What is over has no alarm any more.
    """
    given(student, ta, topic, days=300, first=-270, a_day=5)
    response = Client().get(feed_path(ta))
    assert len(entries(response)) == 5 * 90
    assert len(response.content) < 300_000
    assert response.content.count(b"BEGIN:VALARM") == 10
    with CaptureQueriesContext(connection) as caught:
        Client().get(feed_path(ta))
    assert len(caught) == 3


@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize(("first", "over"), [(-59, 59 * 20), (0, 0)], ids=["past", "to come"])
def test_of_very_many_each_says_least_but_for_the_next(student, ta, topic, first, over, language):
    """1,500 bookings in the time that the feed has: less than 300 kB."""
    ta.language = language
    ta.save()
    given(student, ta, topic, days=75, first=first, a_day=20)
    response = Client().get(feed_path(ta))
    found = entries(response)
    assert len(found) == 1500
    assert len(response.content) < 300_000
    soon = found[over : over + 10]
    assert [each for each in found if "DESCRIPTION" in each] == soon
    assert {len(each.walk("VALARM")) for each in soon} == {1}
    assert {each["LOCATION"] for each in soon} == {"https://meet.example/abc-defg-hij"}
    for each in (*found[:over], *found[over + 10 :]):
        assert each["DURATION"].dt == timedelta(minutes=15)
        assert set(each) == {"UID", "DTSTAMP", "DTSTART", "DURATION", "SUMMARY"}
        assert each["SUMMARY"] == f"{topic.name}: {student.username}"


def test_who_left_has_no_name_in_it(student, ta, topic):
    given(student, ta, topic, days=1, first=1, a_day=1)
    type(student).objects.filter(pk=student.pk).update(deleted_at=timezone.now(), username="gone-7")
    (entry,) = entries(Client().get(feed_path(ta)))
    assert entry["SUMMARY"] == "Data Structures with Deleted user"
