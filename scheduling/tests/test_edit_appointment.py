"""Changing a session: what is booked stays, and students are told what is new."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from scheduling.errors import Conflict, SchedulingError
from scheduling.history import words
from scheduling.models import BookingEvent, TimeSlot
from scheduling.queries.series import FOLLOWING
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow
from setahub.core import clock as when

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


def edit(appointment, scope="one", *, overwrite=False, **changes):
    asked = replace(Plan.of(appointment), **changes)
    how = {"scope": scope, "overwrite": overwrite}
    return appointments.edit(appointment, appointment.ta, asked, **how)


def refusal(appointment, scope="one", **changes) -> SchedulingError:
    before = list(TimeSlot.objects.order_by("pk").values())
    with pytest.raises(SchedulingError) as caught:
        edit(appointment, scope, **changes)
    assert list(TimeSlot.objects.order_by("pk").values()) == before
    return caught.value


def clocks(appointment) -> list[str]:
    return [when.time_of_day(slot.starts_at) for slot in slots_of(appointment)]


def days(found) -> list[date]:
    for each in found:
        each.refresh_from_db()
    return [when.local(each.starts_at).date() for each in found]


def told(made) -> list[str]:
    return [words(event) for event in made.events.filter(kind=BookingEvent.Kind.CHANGED)]


class TestSlots:
    def test_longer_adds_slots_and_keeps_the_rest(self, ta, topic):
        appointment = open_time(ta, topic)
        before = {slot.pk for slot in slots_of(appointment)}
        edit(appointment, end=time(16))
        assert clocks(appointment) == ["13:00", "13:30", "14:00", "14:30", "15:00", "15:30"]
        assert before < {slot.pk for slot in slots_of(appointment)}

    def test_shorter_takes_free_slots_off(self, ta, topic):
        appointment = open_time(ta, topic)
        edit(appointment, start=time(14))
        assert clocks(appointment) == ["14:00", "14:30"]
        assert TimeSlot.objects.count() == 2

    def test_a_booked_slot_stays_and_its_booking_is_named(self, ta, topic, student):
        appointment = open_time(ta, topic)
        book(student, slots_of(appointment)[3])
        error = refusal(appointment, end=time(14, 30))
        assert (error.code, error.status) == ("slots", 409)
        assert error.details == ["สมชาย ใจดี, Tue 24 Nov, 14:30"]
        assert error.message == (
            "These bookings would lose their time: สมชาย ใจดี, Tue 24 Nov, 14:30."
        )
        edit(appointment, start=time(14))
        assert clocks(appointment) == ["14:00", "14:30"]

    def test_another_length_would_move_booked_slots(self, ta, topic, student):
        appointment = open_time(ta, topic)
        book(student, slots_of(appointment)[0])
        assert refusal(appointment, slot_minutes=60).code == "slots"

    def test_another_day_would_move_booked_slots(self, ta, topic, student):
        appointment = open_time(ta, topic)
        book(student, slots_of(appointment)[0])
        assert refusal(appointment, day=tomorrow() + DAY).code == "slots"

    def test_a_slot_that_only_a_cancelled_booking_points_at_is_withdrawn(self, ta, topic, student):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[3])
        bookings.cancel(made, student, "")
        edit(appointment, end=time(14))
        assert clocks(appointment) == ["13:00", "13:30"]
        made.slot.refresh_from_db()
        assert made.slot.withdrawn

    def test_a_withdrawn_slot_comes_back_with_its_time(self, ta, topic, student):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[3])
        bookings.cancel(made, student, "")
        edit(appointment, end=time(14))
        edit(appointment, end=time(15))
        assert clocks(appointment) == ["13:00", "13:30", "14:00", "14:30"]
        made.slot.refresh_from_db()
        assert not made.slot.withdrawn

    def test_the_time_of_a_session_that_took_place_stays_as_well(self, ta, topic, student, clock):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0])
        clock.move_to(made.ends_at + timedelta(minutes=1))
        bookings.complete(made, ta)
        assert refusal(appointment, slot_minutes=60).code == "slots"
        edit(appointment, end=time(16))
        assert clocks(appointment)[0] == "13:00"


class TestTopicsAndSeats:
    def test_a_booked_topic_stays(self, ta, topic, second_topic, student):
        appointment = open_time(ta, topic, second_topic)
        book(student, slots_of(appointment)[0], second_topic)
        error = refusal(appointment, topics=[topic])
        assert (error.code, error.details) == ("topics", ["สมชาย ใจดี, Tue 24 Nov, 13:00"])
        edit(appointment, topics=[second_topic])
        assert list(appointment.topics.all()) == [second_topic]

    def test_a_topic_that_is_no_longer_taught_may_stay_but_not_come(self, ta, topic, second_topic):
        appointment = open_time(ta, topic)
        second_topic.registrations.all().delete()
        topic.registrations.filter(user=ta).delete()
        edit(appointment, notes="As before")
        assert refusal(appointment, topics=[topic, second_topic]).field == "topics"

    def test_fewer_seats_than_taken_are_refused_with_names(self, ta, topic, student, stranger):
        appointment = open_time(ta, topic, capacity=3)
        slot = slots_of(appointment)[0]
        book(student, slot)
        book(stranger, slot)
        error = refusal(appointment, capacity=1)
        assert error.details == [
            "สมชาย ใจดี, Tue 24 Nov, 13:00",
            "Stranger, Tue 24 Nov, 13:00",
        ]
        edit(appointment, capacity=2)
        assert {slot.capacity for slot in slots_of(appointment)} == {2}


class TestFollowing:
    @pytest.mark.parametrize("weeks", [1, -1])
    def test_a_series_shifts_by_a_week_either_way(self, ta, topic, weeks):
        made = open_series(ta, topic, weeks=3, day=tomorrow() + WEEK)
        before = days(made)
        edit(made[0], FOLLOWING, day=before[0] + weeks * WEEK)
        assert days(made) == [day + weeks * WEEK for day in before]

    @pytest.mark.parametrize("shift", [1, -1])
    def test_a_series_shifts_by_a_day_either_way(self, ta, topic, shift):
        made = open_series(ta, topic, weeks=3, day=tomorrow() + WEEK)
        before = days(made)
        edit(made[0], FOLLOWING, day=before[0] + shift * DAY, start=time(14), end=time(16))
        assert days(made) == [day + shift * DAY for day in before]
        assert [clocks(each)[0] for each in made] == ["14:00", "14:00", "14:00"]

    def test_earlier_weeks_stay_as_they_are(self, ta, topic):
        made = open_series(ta, topic, weeks=3)
        edit(made[1], FOLLOWING, location="Room 7")
        for each in made:
            each.refresh_from_db()
        assert [each.location for each in made] == ["Room 504", "Room 7", "Room 7"]

    def test_one_is_one(self, ta, topic):
        made = open_series(ta, topic, weeks=3)
        edit(made[1], end=time(14))
        assert [len(clocks(each)) for each in made] == [4, 2, 4]

    def test_a_booking_of_a_later_week_stops_all_of_it(self, ta, topic, student):
        made = open_series(ta, topic, weeks=3)
        book(student, slots_of(made[2])[0])
        error = refusal(made[0], FOLLOWING, start=time(14))
        assert error.details == ["สมชาย ใจดี, Tue 8 Dec, 13:00"]

    def test_what_stands_in_the_way_is_reported_by_date(self, ta, topic):
        made = open_series(ta, topic, weeks=2)
        open_time(ta, topic, day=tomorrow() + WEEK, start="15:00", end="16:00")
        error = refusal(made[0], FOLLOWING, end=time(15, 30))
        assert error.details == [Conflict(date(2026, 12, 1), "your session 15:00 – 16:00")]

    def test_two_weeks_that_would_meet_are_refused(self, ta, topic):
        """The second was put on the first one's day by hand: the same times don't fit twice."""
        made = open_series(ta, topic, weeks=2)
        edit(made[1], day=tomorrow(), start=time(16), end=time(17))
        error = refusal(made[0], FOLLOWING, start=time(15), end=time(18))
        assert error.details == [Conflict(tomorrow(), "your session 16:00 – 17:00")]
        again = refusal(made[0], FOLLOWING, overwrite=True, start=time(15), end=time(18))
        assert again.details == [Conflict(tomorrow(), "your session 15:00 – 18:00")] * 2

    def test_a_cancelled_week_is_left_alone(self, ta, topic):
        made = open_series(ta, topic, weeks=3)
        appointments.cancel(made[1], ta, "I am ill")
        edit(made[0], FOLLOWING, location="Room 7")
        made[1].refresh_from_db()
        assert made[1].location == "Room 504"


class TestStudentsAreTold:
    def test_of_a_new_place_and_new_notes(self, ta, topic, student, stranger):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0])
        gone = book(stranger, slots_of(appointment)[1])
        bookings.cancel(gone, stranger, "")
        edit(appointment, location="Room 7", notes="Bring a laptop.")
        assert told(made) == ["New place: Room 7\nNew notes: Bring a laptop."]
        assert told(gone) == []

    def test_of_notes_that_went(self, ta, topic, student):
        appointment = open_time(ta, topic, notes="Bring a laptop.")
        made = book(student, slots_of(appointment)[0])
        edit(appointment, notes="")
        assert told(made) == ["New notes: none"]

    def test_not_of_more_time_or_seats(self, ta, topic, student):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0])
        edit(appointment, end=time(16), capacity=4)
        assert told(made) == []


class TestWhen:
    def test_a_session_never_moves_onto_another(self, ta, topic):
        appointment = open_time(ta, topic)
        open_time(ta, topic, start="15:00", end="16:00")
        error = refusal(appointment, end=time(15, 30))
        assert error.details == [Conflict(tomorrow(), "your session 15:00 – 16:00")]

    def test_nor_onto_the_tas_own_booking(self, ta, other_ta, topic):
        taught = open_time(other_ta, topic, start="15:00", end="16:00")
        book(ta, slots_of(taught)[0])
        appointment = open_time(ta, topic)
        error = refusal(appointment, end=time(15, 30))
        assert error.details == [Conflict(tomorrow(), "your own booking 15:00 – 15:30")]

    def test_while_it_runs_its_start_stays_and_its_end_may_change(self, ta, topic, clock):
        appointment = open_time(ta, topic)
        clock.move_to(appointment.starts_at + timedelta(minutes=40))
        edit(appointment, end=time(16))
        assert clocks(appointment)[-1] == "15:30"
        assert refusal(appointment, start=time(13, 30)).field == "start_time"

    def test_what_is_over_or_cancelled_stays(self, ta, topic, clock):
        over, gone = open_time(ta, topic), open_time(ta, topic, day=tomorrow() + DAY)
        appointments.cancel(gone, ta, "I am ill")
        clock.move_to(over.ends_at)
        assert refusal(over, notes="New").code == "over"
        assert refusal(gone, notes="New").code == "cancelled"

    def test_the_last_week_of_a_long_series_can_be_edited(self, ta, topic):
        made = open_series(ta, topic, weeks=27)
        edit(made[-1], notes="The last one")
        made[-1].refresh_from_db()
        assert made[-1].notes == "The last one"
