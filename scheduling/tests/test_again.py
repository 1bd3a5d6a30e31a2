"""The same time next week, and another time with the same TA, from a completed booking."""

from datetime import timedelta

import pytest

from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_series, open_time, slots_of
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def weeks(ta, topic):
    return open_series(ta, topic, weeks=4)


@pytest.fixture
def booking(clock, student, weeks):
    made = book(student, slots_of(weeks[0])[1])
    clock.move_to(made.ends_at + timedelta(minutes=1))
    bookings.complete(made, made.ta)
    made.refresh_from_db()
    return made


def again(client, booking):
    return client.get(f"/bookings/{booking.pk}/again/")


def test_the_page_offers_both(sign_in, booking, student, ta, topic):
    page = sign_in(student).get(f"/bookings/{booking.pk}/").content.decode()
    assert f"/bookings/{booking.pk}/again/" in page
    assert f"/users/{ta.pk}/timeslots/?topic={topic.slug}" in page
    page = sign_in(ta).get(f"/bookings/{booking.pk}/").content.decode()
    assert f"/bookings/{booking.pk}/again/" not in page


def test_it_leads_to_the_slot_of_next_week(sign_in, booking, weeks, student, topic):
    response = again(sign_in(student), booking)
    slot = slots_of(weeks[1])[1]
    assert slot.starts_at == booking.starts_at + timedelta(weeks=1)
    assert response.status_code == 302
    assert response.url == f"/bookings/new/?slot={slot.pk}&topic={topic.slug}"
    assert sign_in(student).get(response.url).status_code == 200


def test_long_after_it_is_the_first_week_to_come(sign_in, clock, booking, weeks, student):
    clock.move_to(booking.starts_at + timedelta(weeks=2))
    assert f"slot={slots_of(weeks[3])[1].pk}&" in again(sign_in(student), booking).url


def test_what_is_taken_says_so_and_shows_the_nearest(sign_in, booking, weeks, student, stranger):
    book(stranger, slots_of(weeks[1])[1])
    client = sign_in(student)
    response = client.get(again(client, booking).url)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Sorry, this time was just taken." in page
    assert f'data-slot-id="{slots_of(weeks[1])[0].pk}"' in page


def test_where_nothing_is_open_it_says_when_and_shows_the_nearest(
    sign_in, booking, weeks, ta, student
):
    appointments.cancel(weeks[1], ta, "ill")
    response = again(sign_in(student), booking)
    assert response.status_code == 409
    page = response.content.decode()
    time = when.full(booking.starts_at + timedelta(weeks=1))
    assert f"น้ำฝน has no time open on {time}." in page
    assert "data-slot-id" in page


def test_only_its_student_and_only_what_is_completed(
    sign_in, booking, student, ta, stranger, topic
):
    assert again(sign_in(ta), booking).status_code == 403
    assert again(sign_in(stranger), booking).status_code == 404
    coming = book(student, slots_of(open_time(ta, topic, start="17:00", end="18:00"))[0])
    assert again(sign_in(student), coming).status_code == 409
