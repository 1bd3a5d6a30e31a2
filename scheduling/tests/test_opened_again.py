"""Sessions that are asked for twice without a key are opened once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.tests.factories import (
    book,
    open_series,
    open_time,
    plan,
    slots_of,
    text,
    tomorrow,
)
from setahub.core import clock as when

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


def test_one_session(ta, topic, second_topic):
    asked = plan(topic, second_topic, notes="Bring a laptop.")
    first = appointments.open_time(ta, asked)
    again = appointments.open_time(ta, replace(asked, topics=[second_topic, topic]))
    assert again == first
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"location": "Room 7"},
        {"notes": "Hello"},
        {"capacity": 2},
        {"slot_minutes": 60},
        {"topics": []},
    ],
)
def test_anything_else_at_that_time_is_a_clash(ta, topic, second_topic, other):
    open_time(ta, topic)
    asked = replace(
        plan(topic), **(other | ({"topics": [second_topic]} if "topics" in other else {}))
    )
    with pytest.raises(SchedulingError) as caught:
        appointments.open_time(ta, asked)
    assert caught.value.code == "conflict"


def test_a_series(ta, topic):
    first = open_series(ta, topic, weeks=3)
    assert open_series(ta, topic, weeks=3) == first
    assert Appointment.objects.count() == 3


def test_a_series_with_weeks_left_out(ta, topic):
    open_time(ta, topic, day=tomorrow() + WEEK, start="14:00", end="16:00")
    asked = plan(topic)
    how = {"repeat_until": tomorrow() + 2 * WEEK, "skip_conflicts": True}
    first = appointments.open_time(ta, asked, **how)
    assert appointments.open_time(ta, asked, **how) == first
    assert len(first) == 2


def test_a_longer_series_is_not_the_same(ta, topic):
    open_series(ta, topic, weeks=2)
    with pytest.raises(SchedulingError) as caught:
        open_series(ta, topic, weeks=3)
    assert len(caught.value.details) == 2


def test_what_was_cancelled_since_is_made_anew(ta, topic):
    gone = open_time(ta, topic)
    appointments.cancel(gone, ta, "I am ill")
    assert open_time(ta, topic) != gone


def test_a_copied_week(ta, topic):
    open_time(ta, topic)
    open_time(ta, topic, day=tomorrow() + DAY)
    first = appointments.copy_week(ta, when.today(), when.today() + WEEK)
    assert appointments.copy_week(ta, when.today(), when.today() + WEEK) == first
    assert Appointment.objects.count() == 4


def test_on_the_pages(ta_client, form):
    for _time in range(2):
        response = ta_client.post("/appointments/new/", form)
        assert (response.status_code, response.url) == (
            302,
            f"/appointments/{Appointment.objects.get().pk}/",
        )
    week = {"week": form["date"], "to": (tomorrow() + WEEK).isoformat()}
    urls = {ta_client.post("/appointments/copy-week/", week).url for _time in range(2)}
    assert urls == {f"/appointments/{Appointment.objects.latest('pk').pk}/"}
    gone = {"reason": "I am ill"}
    pk = Appointment.objects.latest("pk").pk
    for _time in range(2):
        response = ta_client.post(f"/appointments/{pk}/delete/", gone)
        assert (response.status_code, response.url) == (302, "/appointments/")


def test_a_series_that_is_taken_back_twice_is_told_of_alike(ta_client, ta, topic):
    rows = open_series(ta, topic, weeks=4)
    gone = {"reason": "I am ill", "scope": "following"}
    path = f"/appointments/{rows[1].pk}/delete/"
    for _time in range(2):
        page = text(ta_client.post(path, gone, follow=True))
        assert "3 sessions are cancelled. Nobody had booked them." in page


def test_the_bookings_of_all_its_weeks_are_told_of_again(ta_client, ta, topic, student):
    rows = open_series(ta, topic, weeks=3)
    for row in rows:
        book(student, slots_of(row)[0])
    gone = {"reason": "I am ill", "scope": "following"}
    for _time in range(2):
        page = text(ta_client.post(f"/appointments/{rows[0].pk}/delete/", gone, follow=True))
        assert "Cancelled, with 3 bookings. The students are told." in page
