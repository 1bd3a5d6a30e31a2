"""Opening time: one appointment, a series, and what stands in the way."""

from datetime import date, timedelta

import pytest

from scheduling.errors import Conflict, SchedulingError
from scheduling.models import Appointment, TimeSlot
from scheduling.services import appointments
from scheduling.tests.factories import book, open_series, open_time, plan, slots_of, tomorrow
from setahub.core import clock as when
from topics.models import Registration, Topic

WEEK = timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


def refusal(ta, asked, **how) -> SchedulingError:
    before = Appointment.objects.count()
    with pytest.raises(SchedulingError) as caught:
        appointments.open_time(ta, asked, **how)
    assert Appointment.objects.count() == before
    return caught.value


def days(found) -> list[date]:
    return [when.local(each.starts_at).date() for each in found]


def test_one_session_has_its_slots_topics_and_seats(ta, topic, second_topic):
    made = open_time(ta, topic, second_topic, capacity=3, notes="Bring a laptop.")
    assert [when.time_of_day(slot.starts_at) for slot in slots_of(made)] == [
        "13:00",
        "13:30",
        "14:00",
        "14:30",
    ]
    assert {slot.capacity for slot in slots_of(made)} == {3}
    assert set(made.topics.all()) == {topic, second_topic}
    assert (made.location, made.notes, made.series) == ("Room 504", "Bring a laptop.", None)


def test_each_week_of_a_series_is_an_appointment_of_its_own(ta, topic):
    made = open_series(ta, topic, weeks=3)
    assert days(made) == [tomorrow(), tomorrow() + WEEK, tomorrow() + 2 * WEEK]
    assert [len(slots_of(each)) for each in made] == [4, 4, 4]
    assert len({each.series for each in made}) == 1
    assert made[0].series is not None


def test_the_longest_series_has_27_sessions(ta, topic):
    asked = plan(topic)
    made = appointments.open_time(ta, asked, repeat_until=asked.day + 26 * WEEK)
    assert len(made) == 27
    assert TimeSlot.objects.count() == 27 * 4


def test_back_to_back_fits(ta, topic):
    open_time(ta, topic, start="13:00", end="14:00")
    open_time(ta, topic, start="14:00", end="15:00")
    open_time(ta, topic, start="12:00", end="13:00")
    assert Appointment.objects.count() == 3


def test_an_overlap_is_reported_with_its_day(ta, topic):
    open_time(ta, topic)
    error = refusal(ta, plan(topic, start="14:30", end="16:00"))
    assert (error.code, error.status) == ("conflict", 409)
    assert error.details == [Conflict(tomorrow(), "your session 13:00 – 15:00")]
    assert error.message == "This doesn't fit: Tue 24 Nov: your session 13:00 – 15:00."


def test_weeks_that_collide_are_reported_by_date_and_nothing_is_made(ta, topic):
    open_time(ta, topic, day=tomorrow() + WEEK)
    open_time(ta, topic, day=tomorrow() + 3 * WEEK, start="14:45", end="15:45")
    asked = plan(topic)
    error = refusal(ta, asked, repeat_until=asked.day + 4 * WEEK)
    assert error.details == [
        Conflict(date(2026, 12, 1), "your session 13:00 – 15:00"),
        Conflict(date(2026, 12, 15), "your session 14:45 – 15:45"),
    ]


def test_the_others_are_made_when_the_ta_says_skip_those(ta, topic):
    open_time(ta, topic, day=tomorrow() + WEEK)
    asked = plan(topic)
    made = appointments.open_time(ta, asked, repeat_until=asked.day + 2 * WEEK, skip_conflicts=True)
    assert days(made) == [tomorrow(), tomorrow() + 2 * WEEK]
    assert len({each.series for each in made}) == 1


def test_one_that_is_left_of_a_series_stands_alone(ta, topic):
    open_time(ta, topic)
    asked = plan(topic)
    [made] = appointments.open_time(ta, asked, repeat_until=asked.day + WEEK, skip_conflicts=True)
    assert made.series is None


def test_skipping_everything_is_refused(ta, topic):
    open_time(ta, topic)
    other = plan(topic, location="Room 7")
    assert refusal(ta, other, skip_conflicts=True).code == "conflict"


def test_none_is_opened_over_the_tas_own_booking_as_student(ta, other_ta, topic):
    taught = open_time(other_ta, topic)
    book(ta, slots_of(taught)[1])
    error = refusal(ta, plan(topic, start="13:45", end="15:15"))
    assert error.details == [Conflict(tomorrow(), "your own booking 13:30 – 14:00")]
    open_time(ta, topic, start="14:00", end="15:00")


def test_a_cancelled_session_is_not_in_the_way(ta, topic):
    appointments.cancel(open_time(ta, topic), ta, "I am ill")
    open_time(ta, topic)
    assert Appointment.objects.open().count() == 1


def test_another_ta_opens_the_same_time(ta, other_ta, topic):
    open_time(ta, topic)
    open_time(other_ta, topic)
    assert Appointment.objects.count() == 2


@pytest.mark.parametrize("status", ["pending", None])
def test_only_approved_topics_of_the_ta_can_be_opened(ta, creator, status):
    foreign = Topic.objects.create(name="Databases", slug="databases", creator=creator)
    if status:
        Registration.objects.create(user=ta, topic=foreign, status=status)
    error = refusal(ta, plan(foreign))
    assert (error.field, error.status) == ("topics", 422)


def test_an_archived_topic_cannot_be_opened(ta, topic, clock):
    topic.archived_at = when.at(when.today(), plan().start)
    topic.save()
    assert refusal(ta, plan(topic)).field == "topics"


def test_some_topic_is_needed(ta):
    assert refusal(ta, plan()).field == "topics"
