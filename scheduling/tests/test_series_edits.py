"""An edit of a series changes what it changed: what a week has of its own stays."""

from dataclasses import replace
from datetime import date, time, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from scheduling.errors import Conflict, SchedulingError
from scheduling.history import words
from scheduling.models import BookingEvent
from scheduling.queries.series import FOLLOWING, ONE
from scheduling.services import appointments
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def weeks(ta, topic):
    """Four Tuesdays, 13 to 15 in R1."""
    return open_series(ta, topic, weeks=4, location="R1")


def edit(row, scope=ONE, *, base=None, overwrite=False, **changes):
    row.refresh_from_db()
    asked = replace(base or Plan.of(row), **changes)
    return appointments.edit(row, row.ta, asked, scope=scope, base=base, overwrite=overwrite)


def refusal(row, scope=ONE, **how) -> SchedulingError:
    with pytest.raises(SchedulingError) as caught:
        edit(row, scope, **how)
    return caught.value


def seen(rows, *fields):
    for row in rows:
        row.refresh_from_db()
    shapes = [tuple(getattr(Plan.of(row), field) for field in fields) for row in rows]
    return [shape[0] for shape in shapes] if len(fields) == 1 else shapes


def told(made) -> list[str]:
    return [words(event) for event in made.events.filter(kind=BookingEvent.Kind.CHANGED)]


class TestWhatTheEditDidNotTouch:
    def test_a_weeks_place_and_seats_stay_when_the_notes_change(self, weeks, student):
        edit(weeks[2], location="Exam hall 9", capacity=4)
        made = book(student, slots_of(weeks[2])[0])
        edit(weeks[1], FOLLOWING, notes="Bring a laptop.")
        assert seen(weeks, "location", "capacity", "notes") == [
            ("R1", 1, ""),
            ("R1", 1, "Bring a laptop."),
            ("Exam hall 9", 4, "Bring a laptop."),
            ("R1", 1, "Bring a laptop."),
        ]
        assert [slot.capacity for slot in slots_of(weeks[2])] == [4] * 4
        assert told(made) == ["New notes: Bring a laptop."]

    def test_a_weeks_time_stays_and_no_booking_is_in_the_way(self, weeks, student):
        edit(weeks[2], start=time(16), end=time(17))
        made = book(student, slots_of(weeks[2])[0])
        edit(weeks[0], FOLLOWING, location="R2")
        assert seen(weeks, "start") == [time(13), time(13), time(16), time(13)]
        assert told(made) == ["New place: R2"]

    def test_a_weeks_day_stays(self, weeks):
        edit(weeks[1], day=tomorrow() + WEEK + DAY)
        edit(weeks[0], FOLLOWING, capacity=3)
        assert seen(weeks, "day") == [
            tomorrow(),
            tomorrow() + WEEK + DAY,
            tomorrow() + 2 * WEEK,
            tomorrow() + 3 * WEEK,
        ]

    def test_a_booked_time_is_not_in_the_way_of_other_seats(self, weeks, student):
        book(student, slots_of(weeks[3])[0])
        edit(weeks[0], FOLLOWING, capacity=2, notes="Hello")
        assert seen(weeks, "capacity") == [2, 2, 2, 2]

    def test_nobody_is_told_of_what_stayed(self, weeks, student):
        made = book(student, slots_of(weeks[1])[0])
        edit(weeks[0], FOLLOWING, end=time(16))
        edit(weeks[0], FOLLOWING)
        assert told(made) == []


class TestWhatAWeekHasOfItsOwn:
    def test_stays_in_the_field_that_the_edit_changed(self, weeks, student):
        edit(weeks[2], location="Exam hall 9")
        made = book(student, slots_of(weeks[2])[0])
        edit(weeks[0], FOLLOWING, location="R2")
        assert seen(weeks, "location") == ["R2", "R2", "Exam hall 9", "R2"]
        assert told(made) == []

    def test_is_replaced_where_the_ta_says_so(self, weeks, student):
        edit(weeks[2], location="Exam hall 9", notes="Its own")
        made = book(student, slots_of(weeks[2])[0])
        edit(weeks[0], FOLLOWING, location="R2", overwrite=True)
        assert seen(weeks, "location") == ["R2"] * 4
        assert seen(weeks, "notes") == ["", "", "Its own", ""]
        assert told(made) == ["New place: R2"]

    def test_start_and_end_are_one_field(self, weeks):
        edit(weeks[2], end=time(16))
        edit(weeks[0], FOLLOWING, start=time(12))
        assert seen(weeks, "start", "end") == [
            (time(12), time(15)),
            (time(12), time(15)),
            (time(13), time(16)),
            (time(12), time(15)),
        ]

    def test_a_day_of_its_own_stays_when_the_series_shifts(self, weeks):
        edit(weeks[1], day=tomorrow() + WEEK + 2 * DAY)
        edit(weeks[0], FOLLOWING, day=tomorrow() + DAY)
        assert seen(weeks, "day") == [
            tomorrow() + DAY,
            tomorrow() + WEEK + 2 * DAY,
            tomorrow() + 2 * WEEK + DAY,
            tomorrow() + 3 * WEEK + DAY,
        ]

    def test_its_day_is_put_with_the_others_where_the_ta_says_so(self, weeks):
        edit(weeks[1], day=tomorrow() + WEEK + 2 * DAY)
        edit(weeks[0], FOLLOWING, day=tomorrow() + DAY, overwrite=True)
        assert seen(weeks, "day") == [tomorrow() + DAY + n * WEEK for n in range(4)]

    def test_a_week_that_the_edit_does_not_fit_is_named(self, weeks):
        edit(weeks[2], end=time(13, 30))
        error = refusal(weeks[0], FOLLOWING, slot_minutes=60)
        assert error.details == [
            Conflict(
                tomorrow() + 2 * WEEK,
                "This isn't a whole number of 60-minute slots. It could end at 14:00.",
            )
        ]


class TestTopics:
    def test_come_and_go_singly(self, weeks, topic, second_topic):
        edit(weeks[2], topics=[topic, second_topic])
        edit(weeks[0], FOLLOWING, topics=[topic, second_topic])
        edit(weeks[3], topics=[second_topic])
        edit(weeks[0], FOLLOWING, notes="Hello")
        assert [set(each) for each in seen(weeks, "topics")] == [
            {topic, second_topic},
            {topic, second_topic},
            {topic, second_topic},
            {second_topic},
        ]

    def test_what_a_week_has_besides_stays(self, weeks, topic, second_topic):
        edit(weeks[0], FOLLOWING, topics=[topic, second_topic])
        edit(weeks[2], topics=[second_topic])
        edit(weeks[0], FOLLOWING, topics=[second_topic], location="R2")
        edit(weeks[3], topics=[topic])
        edit(weeks[0], FOLLOWING, topics=[second_topic, topic])
        assert [set(each) for each in seen(weeks, "topics")] == [
            {topic, second_topic},
            {topic, second_topic},
            {topic, second_topic},
            {topic},
        ]

    def test_a_week_that_would_have_none_is_named(self, weeks, topic, second_topic):
        edit(weeks[0], topics=[topic, second_topic])
        error = refusal(weeks[0], FOLLOWING, topics=[second_topic])
        assert error.details == [
            Conflict(tomorrow() + n * WEEK, "no topic would be left") for n in (1, 2, 3)
        ]
        edit(weeks[0], FOLLOWING, topics=[second_topic], overwrite=True)
        assert seen(weeks, "topics") == [[second_topic]] * 4

    def test_a_booking_of_a_topic_that_its_week_keeps_is_not_in_the_way(
        self, weeks, topic, second_topic, student
    ):
        edit(weeks[2], topics=[topic, second_topic])
        book(student, slots_of(weeks[2])[0], second_topic)
        edit(weeks[0], FOLLOWING, notes="Hello")
        assert {topic, second_topic} == set(seen(weeks, "topics")[2])

    def test_is_only_what_it_was_given_by_itself(self, weeks):
        """Not what the others have otherwise since the edited session has something of its own."""
        edit(weeks[1], location="Exam hall 9", capacity=4, start=time(12))
        edit(weeks[1], FOLLOWING, location="R2", capacity=2, start=time(14))
        assert seen(weeks, "location", "capacity", "start") == [
            ("R1", 1, time(13)),
            *[("R2", 2, time(14))] * 3,
        ]

    def test_is_not_what_it_was_given_with_the_later_ones(self, weeks):
        edit(weeks[2], location="Exam hall 9")
        edit(weeks[2], FOLLOWING, location="R2")
        edit(weeks[0], FOLLOWING, location="R3")
        assert seen(weeks, "location") == ["R3"] * 4

    def test_is_no_longer_its_own_once_the_ta_has_replaced_it(self, weeks):
        edit(weeks[2], location="Exam hall 9")
        edit(weeks[0], FOLLOWING, location="R2", overwrite=True)
        edit(weeks[0], location="R3")
        edit(weeks[0], FOLLOWING, location="R4")
        assert seen(weeks, "location") == ["R4"] * 4

    def test_is_kept_beside_what_the_edited_session_has_of_its_own(self, weeks):
        edit(weeks[0], location="R2")
        edit(weeks[2], location="Exam hall 9")
        edit(weeks[0], FOLLOWING, location="R3")
        assert seen(weeks, "location") == ["R3", "R3", "Exam hall 9", "R3"]

    def test_goes_with_the_others_again_when_it_is_as_they_are(self, weeks):
        edit(weeks[2], location="Exam hall 9")
        edit(weeks[2], location="R1")
        edit(weeks[0], FOLLOWING, location="R2")
        assert seen(weeks, "location") == ["R2"] * 4

    def test_the_others_follow_a_session_that_had_a_day_of_its_own(self, weeks):
        edit(weeks[1], day=tomorrow() + WEEK + DAY)
        edit(weeks[1], FOLLOWING, day=tomorrow() + WEEK + 3 * DAY)
        assert seen(weeks, "day") == [
            tomorrow(),
            *(tomorrow() + n * WEEK + 3 * DAY for n in (1, 2, 3)),
        ]


class TestTwoAtOnce:
    """A form that was opened before somebody else saved."""

    def test_what_only_one_changed_stays(self, weeks):
        base = Plan.of(weeks[0])
        edit(weeks[0], notes="Bring a laptop.")
        edit(weeks[0], base=base, capacity=3)
        assert seen(weeks[:1], "notes", "capacity") == [("Bring a laptop.", 3)]

    def test_what_both_changed_is_refused_with_both_values(self, weeks):
        base = Plan.of(weeks[0])
        edit(weeks[0], location="R2", capacity=2)
        error = refusal(weeks[0], base=base, location="R3", capacity=2)
        assert (error.code, error.status) == ("changed", 409)
        assert error.details == ["Place: meanwhile “R2”, here “R3”"]
        assert seen(weeks[:1], "location", "capacity") == [("R2", 2)]

    @pytest.mark.parametrize(
        ("theirs", "yours", "line"),
        [
            (
                {"start": time(14)},
                {"end": time(16)},
                "Time: meanwhile “14:00 – 15:00”, here “13:00 – 16:00”",
            ),
            ({"notes": ""}, {"notes": "Two"}, "Notes: meanwhile “none”, here “Two”"),
            (
                {"slot_minutes": 60},
                {"slot_minutes": 15},
                "Length of a slot: meanwhile “60 min”, here “15 min”",
            ),
            (
                {"day": date(2026, 11, 25)},
                {"day": date(2026, 11, 26)},
                "Day: meanwhile “Wed 25 Nov”, here “Thu 26 Nov”",
            ),
        ],
    )
    def test_each_field_for_itself(self, ta, topic, theirs, yours, line):
        row = open_time(ta, topic, notes="One")
        base = Plan.of(row)
        edit(row, **theirs)
        assert refusal(row, base=base, **yours).details == [line]

    def test_topics_of_both_are_merged(self, weeks, topic, second_topic):
        edit(weeks[0], topics=[topic, second_topic])
        base = Plan.of(weeks[0])
        edit(weeks[0], topics=[second_topic])
        edit(weeks[0], base=base, notes="Hello")
        assert seen(weeks[:1], "topics") == [[second_topic]]
        error = refusal(weeks[0], base=base, topics=[topic])
        assert (error.field, error.message) == ("topics", "Choose at least one topic.")

    @pytest.mark.parametrize("with_base", [True, False])
    def test_the_same_edit_again_leads_to_the_same(self, weeks, student, with_base):
        made = book(student, slots_of(weeks[3])[0])
        base = Plan.of(weeks[1])
        asked = replace(base, day=base.day, location="R2", notes="Hello", capacity=2)
        for _time in range(2):
            appointments.edit(
                weeks[1], weeks[1].ta, asked, scope=FOLLOWING, base=base if with_base else None
            )
        assert seen(weeks, "location", "capacity") == [("R1", 1)] + [("R2", 2)] * 3
        assert told(made) == ["New place: R2\nNew notes: Hello"]

    @pytest.mark.parametrize("with_base", [True, False])
    @pytest.mark.parametrize("shift", [DAY, WEEK, -DAY])
    def test_a_shift_sent_again_shifts_once(self, weeks, with_base, shift):
        base = Plan.of(weeks[1])
        asked = replace(base, day=base.day + shift)
        first = days = seen(weeks, "day")[0]
        weeks = weeks[1:]
        if shift == WEEK:
            days = first
        for _time in range(2):
            appointments.edit(
                weeks[0], weeks[0].ta, asked, scope=FOLLOWING, base=base if with_base else None
            )
        assert seen(weeks, "day") == [days + n * WEEK + shift for n in (1, 2, 3)]


def test_what_differed_before_is_taken_for_the_weeks_own(weeks):
    edit(weeks[2], location="Exam hall 9", day=tomorrow() + 2 * WEEK + DAY)
    weeks[0].ta.appointments.update(own="")
    module = import_module("scheduling.migrations.0006_own_of_weeks")
    module.fill(apps, None)
    for row in weeks:
        row.refresh_from_db()
    assert [row.own for row in weeks] == ["", "", "day location", ""]
