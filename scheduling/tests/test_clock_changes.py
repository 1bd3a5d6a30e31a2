"""Days on which the clocks change: not in Bangkok, but TIME_ZONE is a setting."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from scheduling.errors import SchedulingError
from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.tests.factories import open_time, plan, slots_of
from scheduling.views.contexts import previews
from scheduling.views.contexts.appointments import copied
from setahub.core import clock as when

FORWARD, BACK = date(2027, 3, 28), date(2027, 10, 31)
WEEK = timedelta(weeks=1)


@pytest.fixture
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    with time_machine.travel(datetime(2027, 3, 1, 9, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def autumn(berlin):
    berlin.move_to(datetime(2027, 10, 1, 9, tzinfo=UTC))


def refusal(ta, asked, **how) -> SchedulingError:
    with pytest.raises(SchedulingError) as caught:
        appointments.open_time(ta, asked, **how)
    assert not Appointment.objects.filter(starts_at__gt=when.at(asked.day, time.min)).exists()
    return caught.value


def clocks(appointment) -> list[str]:
    return [when.time_range(each.starts_at, each.ends_at) for each in slots_of(appointment)]


class TestATimeThatDoesNotExist:
    pytestmark = pytest.mark.usefixtures("berlin")

    @pytest.mark.parametrize(
        ("start", "end", "field", "clock"),
        [
            ("02:00", "03:00", "start_time", "02:00"),
            ("02:15", "02:45", "start_time", "02:15"),
            ("01:00", "02:30", "end_time", "02:30"),
            ("01:00", "02:00", "end_time", "02:00"),
        ],
    )
    def test_is_refused_by_name(self, ta, topic, start, end, field, clock):
        error = refusal(ta, plan(topic, day=FORWARD, start=start, end=end, minutes=15))
        assert (error.field, error.status) == (field, 422)
        assert error.message == f"{clock} does not exist on this day: the clocks go forward."

    def test_a_stretch_over_it_is_as_long_as_the_time_that_passes(self, ta, topic):
        error = refusal(ta, plan(topic, day=FORWARD, start="01:00", end="04:00", minutes=45))
        assert error.message == (
            "This isn't a whole number of 45-minute slots. It could end at 03:30 or 04:15."
        )
        made = open_time(ta, topic, day=FORWARD, start="01:00", end="04:15", minutes=45)
        assert clocks(made) == ["01:00 – 01:45", "01:45 – 03:30", "03:30 – 04:15"]
        lengths = {each.ends_at - each.starts_at for each in slots_of(made)}
        assert lengths == {timedelta(minutes=45)}

    def test_eight_hours_are_hours_that_pass(self, ta, topic):
        made = open_time(ta, topic, day=FORWARD, start="00:00", end="09:00", minutes=60)
        assert made.ends_at - made.starts_at == timedelta(hours=8)

    @pytest.mark.parametrize(("start", "end"), [("01:00", "01:45"), ("03:00", "04:00")])
    def test_times_around_it_are_fine(self, ta, topic, start, end):
        made = open_time(ta, topic, day=FORWARD, start=start, end=end, minutes=15)
        assert when.time_range(made.starts_at, made.ends_at) == f"{start} – {end}"


class TestATimeThatComesTwice:
    pytestmark = pytest.mark.usefixtures("autumn")

    @pytest.mark.parametrize(
        ("start", "end", "field", "clock"),
        [
            ("02:00", "03:00", "start_time", "02:00"),
            ("02:45", "03:15", "start_time", "02:45"),
            ("01:00", "02:30", "end_time", "02:30"),
            ("01:00", "02:00", "end_time", "02:00"),
            ("01:00", "04:00", "end_time", "02:00"),
            ("00:45", "03:30", "end_time", "02:15"),
        ],
    )
    def test_is_refused_by_name(self, ta, topic, start, end, field, clock):
        minutes = 45 if start == "00:45" else 30
        error = refusal(ta, plan(topic, day=BACK, start=start, end=end, minutes=minutes))
        assert (error.field, error.status) == (field, 422)
        assert error.message == f"{clock} comes twice on this day: the clocks go back."

    @pytest.mark.parametrize(("start", "end"), [("00:30", "01:30"), ("03:00", "04:00")])
    def test_times_around_it_are_fine(self, ta, topic, start, end):
        made = open_time(ta, topic, day=BACK, start=start, end=end)
        assert when.time_range(made.starts_at, made.ends_at) == f"{start} – {end}"

    def test_an_end_that_comes_twice_is_not_proposed(self, ta, topic):
        error = refusal(ta, plan(topic, day=BACK, start="00:00", end="01:45", minutes=60))
        assert error.message.endswith("It could end at 01:00.")


class TestASeries:
    """Over the day is a week that does not fit."""

    pytestmark = pytest.mark.usefixtures("berlin")
    REASON = "02:00 does not exist on this day: the clocks go forward."

    @pytest.mark.parametrize("first", [FORWARD - WEEK, FORWARD])
    def test_names_the_week_and_can_leave_it_out(self, ta, topic, first):
        asked = plan(topic, day=first, start="02:00", end="03:00")
        until = FORWARD + WEEK
        error = refusal(ta, asked, repeat_until=until)
        assert [(each.day, each.reason) for each in error.details] == [(FORWARD, self.REASON)]
        made = appointments.open_time(ta, asked, repeat_until=until, skip_conflicts=True)
        days = [when.local(each.starts_at).date() for each in made]
        assert days == [day for day in (FORWARD - WEEK, FORWARD + WEEK) if day >= first]

    def test_a_week_in_which_the_slots_are_not_whole_is_one(self, ta, topic):
        asked = plan(topic, day=FORWARD - WEEK, start="01:00", end="04:00", minutes=45)
        error = refusal(ta, asked, repeat_until=FORWARD + WEEK)
        assert [each.day for each in error.details] == [FORWARD]

    def test_whole_slots_are_cut_by_the_time_that_passes(self, ta, topic):
        asked = plan(topic, day=FORWARD - WEEK, start="01:00", end="04:00", minutes=60)
        made = appointments.open_time(ta, asked, repeat_until=FORWARD)
        assert clocks(made[1]) == ["01:00 – 03:00", "03:00 – 04:00"]

    def test_the_preview_marks_it(self, ta, topic):
        asked = plan(topic, day=FORWARD, start="02:00", end="03:00")
        shown = previews.of_new(ta, [asked, asked.on(FORWARD + WEEK)])
        assert [each.clash for each in shown.days] == [self.REASON, ""]
        assert [when.time_of_day(each.span.start) for each in shown.slots] == ["02:00", "02:30"]

    def test_a_wrong_length_is_a_wrong_field_also_there(self, ta, topic):
        asked = plan(topic, day=FORWARD, start="13:00", end="13:15", minutes=60)
        assert refusal(ta, asked, repeat_until=FORWARD + WEEK).field == "end_time"

    def test_is_not_shifted_onto_the_day(self, ta, topic):
        asked = plan(topic, day=FORWARD - WEEK, start="01:00", end="02:00")
        made = appointments.open_time(ta, asked.on(FORWARD - 2 * WEEK), repeat_until=FORWARD - WEEK)
        moved = plan(topic, day=FORWARD - WEEK, start="02:00", end="03:00")
        with pytest.raises(SchedulingError) as caught:
            appointments.edit(made[0], ta, moved, scope="following")
        assert [each.day for each in caught.value.details] == [FORWARD]

    def test_a_copied_week_leaves_it_out(self, ta, topic):
        day = FORWARD - WEEK
        open_time(ta, topic, day=day, start="02:00", end="03:00")
        open_time(ta, topic, day=day, start="13:00", end="14:00")
        with pytest.raises(SchedulingError) as caught:
            appointments.copy_week(ta, day, FORWARD)
        assert [each.reason for each in caught.value.details] == [self.REASON]
        [made] = appointments.copy_week(ta, day, FORWARD, skip_conflicts=True)
        assert when.time_of_day(made.starts_at) == "13:00"

    def test_a_copy_of_one_goes_to_the_week_after(self, ta, topic):
        made = open_time(ta, topic, day=FORWARD - WEEK, start="02:00", end="03:00")
        assert copied(made, ta).day == FORWARD + WEEK


class TestAnEdit:
    def test_of_the_notes_leaves_a_time_that_comes_twice_alone(self, autumn, ta, topic):
        """Stored by an earlier version: the second 2:00."""
        made = open_time(ta, topic, day=BACK, start="04:00", end="05:00")
        second = datetime(2027, 10, 31, 1, tzinfo=UTC)
        Appointment.objects.update(starts_at=second, ends_at=second + timedelta(hours=1))
        made.refresh_from_db()
        asked = plan(topic, day=BACK, start="02:00", end="03:00", notes="Hello")
        appointments.edit(made, ta, asked)
        made.refresh_from_db()
        assert (made.starts_at, made.notes) == (second, "Hello")

    def test_onto_such_a_time_is_refused(self, berlin, ta, topic):
        made = open_time(ta, topic, day=FORWARD, start="04:00", end="05:00")
        with pytest.raises(SchedulingError) as caught:
            appointments.edit(made, ta, plan(topic, day=FORWARD, start="02:00", end="03:00"))
        assert caught.value.field == "start_time"


@pytest.mark.parametrize(
    ("zone", "day", "clock", "fault"),
    [
        ("Asia/Bangkok", FORWARD, "02:30", ""),
        ("America/New_York", date(2027, 3, 14), "02:30", "02:30 does not exist on this day: the clocks go forward."),
        ("America/New_York", date(2027, 3, 14), "03:00", ""),
        ("America/New_York", date(2027, 11, 7), "01:00", "01:00 comes twice on this day: the clocks go back."),
        ("America/New_York", date(2027, 11, 7), "02:00", ""),
        ("America/Havana", date(2027, 3, 14), "00:30", "00:30 does not exist on this day: the clocks go forward."),
        ("Australia/Lord_Howe", date(2027, 10, 3), "02:15", "02:15 does not exist on this day: the clocks go forward."),
        ("Australia/Lord_Howe", date(2027, 10, 3), "02:30", ""),
    ],
)  # fmt: skip
def test_each_zone_has_its_own(settings, zone, day, clock, fault):
    settings.TIME_ZONE = zone
    assert when.clock_fault(day, time.fromisoformat(clock)) == fault


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", FORWARD, 23),
        ("Europe/Berlin", BACK, 25),
        ("America/Havana", date(2027, 3, 14), 23),  # begins at 1:00
        ("America/Havana", date(2027, 11, 7), 25),
        ("Asia/Bangkok", FORWARD, 24),
    ],
)
def test_a_day_is_as_long_as_it_lasts(settings, zone, day, hours):
    settings.TIME_ZONE = zone
    start, end = when.day_bounds(day)
    assert end - start == timedelta(hours=hours)
    assert when.local(start).date() == when.local(end - timedelta(seconds=1)).date() == day
