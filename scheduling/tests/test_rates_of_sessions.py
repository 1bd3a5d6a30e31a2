"""Opening, changing and taking back time may write to many: not too often in ten minutes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.services.plan import Plan
from scheduling.tests.factories import open_series, open_time, plan, tomorrow
from scheduling.tests.reading import text
from setahub.policy.current import policy

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(autouse=True)
def few(settings):
    assert policy.session_changes == 30
    settings.SESSION_CHANGES = 3


@pytest.fixture
def form(topic):
    return {
        "topics": [topic.pk],
        "date": (tomorrow() + timedelta(days=9)).isoformat(),
        "start_time": "13:00",
        "end_time": "15:00",
        "slot_minutes": "30",
        "capacity": "1",
        "location": "Room 504",
        "notes": "Bring paper",
        "scope": "one",
    }


def edit(session, ta, **fields):
    return appointments.edit(session, ta, replace(Plan.of(session), **fields))


def test_opening_changing_and_taking_back_count_together(ta, topic, clock):
    session = open_time(ta, topic)
    edit(session, ta, capacity=2)
    appointments.cancel(session, ta, "Ill")
    for act in (
        lambda: open_time(ta, topic),
        lambda: open_series(ta, topic, weeks=3),
        lambda: appointments.copy_week(ta, tomorrow(), tomorrow() + timedelta(days=7)),
    ):
        with pytest.raises(SchedulingError) as caught:
            act()
        if caught.value.code != "empty_week":
            assert (caught.value.code, caught.value.status) == ("rate_limited", 429)
            assert caught.value.seconds == 600
    assert Appointment.objects.open().count() == 0
    clock.shift(timedelta(minutes=10, seconds=1))
    open_time(ta, topic)


def test_a_term_of_weekly_hours_is_one_act(ta, topic):
    rows = [plan(topic, start=f"{hour:02}:00", end=f"{hour + 1:02}:00") for hour in (9, 11, 13, 15)]
    until = tomorrow() + timedelta(weeks=15)
    made = appointments.open_weekly(ta, rows, repeat_until=until)
    assert len(made) == 64
    edit(made[0], ta, capacity=2)
    appointments.cancel(made[1], ta, "Ill", scope="following")


def test_what_was_refused_or_changes_nothing_does_not_count(ta, topic):
    session = open_time(ta, topic)
    for _time in range(4):
        open_time(ta, topic)  # as it stands already
        edit(session, ta)
        with pytest.raises(SchedulingError, match="your session 13:00"):
            open_time(ta, topic, end="14:00")
    edit(session, ta, capacity=2)
    edit(session, ta, capacity=3)


def test_each_ta_has_a_rate_of_their_own_and_load_tests_have_none(ta, topic, settings):
    for hour in (9, 11, 13):
        open_time(ta, topic, start=f"{hour:02}:00", end=f"{hour + 1:02}:00")
    settings.RATE_LIMITS = False
    open_time(ta, topic, start="15:00", end="16:00")


def test_the_pages_say_so_and_keep_what_was_typed(ta, topic, form, sign_in):
    client, session = sign_in(ta), open_time(ta, topic)
    edit(session, ta, capacity=2)
    edit(session, ta, capacity=3)
    path = session.get_absolute_url()
    for page, sent, kept in (
        ("/appointments/new/", form, "Bring paper</textarea>"),
        (f"{path}edit/", {**form, "date": tomorrow().isoformat()}, "Bring paper</textarea>"),
        (f"{path}delete/", {"reason": "I am ill.", "scope": "one"}, "I am ill."),
    ):
        response = client.post(page, sent)
        assert response.status_code == 429, page
        assert response.headers["Retry-After"] == "600"
        words = text(response)
        assert "sessions very often. Please wait ten minutes." in words
        assert kept in words
