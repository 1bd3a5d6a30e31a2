"""The rules of an appointment's times, without any row."""

from datetime import date, datetime, time, timedelta

import pytest

from conftest import NOW
from scheduling.errors import SchedulingError
from scheduling.services.plan import Plan, Span, check_times, cut, weekly
from setahub.core import clock as when

TODAY = NOW.date()  # Monday 23 November 2026, 9 o'clock


def plan(start: str, end: str, minutes: int = 30, day: date = TODAY + timedelta(days=1)) -> Plan:
    return Plan([], day, time.fromisoformat(start), time.fromisoformat(end), minutes, 1, "Room 504")


def refusal(asked: Plan, *, began: datetime | None = None) -> tuple[str | None, str]:
    """The field and the words of the refusal."""
    with pytest.raises(SchedulingError) as caught:
        check_times(asked, NOW, began=began)
    assert caught.value.status == 422
    return caught.value.field, caught.value.message


def clocks(spans: list[Span]) -> list[str]:
    return [when.time_range(span.start, span.end) for span in spans]


class TestSlots:
    @pytest.mark.parametrize(("minutes", "count"), [(15, 12), (20, 9), (30, 6), (45, 4), (60, 3)])
    def test_three_hours_hold_so_many(self, minutes, count):
        asked = plan("13:00", "16:00", minutes)
        check_times(asked, NOW)
        assert len(asked.slots) == count

    def test_are_back_to_back_from_the_start_to_the_end(self):
        assert clocks(plan("13:00", "14:30").slots) == [
            "13:00 – 13:30",
            "13:30 – 14:00",
            "14:00 – 14:30",
        ]

    def test_of_twenty_minutes_may_lie_off_the_grid(self):
        assert clocks(plan("13:15", "14:15", 20).slots) == [
            "13:15 – 13:35",
            "13:35 – 13:55",
            "13:55 – 14:15",
        ]

    def test_a_rest_makes_no_slot(self):
        span = Span(when.at(TODAY, time(13)), when.at(TODAY, time(14, 15)))
        assert clocks(cut(span, 30)) == ["13:00 – 13:30", "13:30 – 14:00"]


class TestTheGrid:
    @pytest.mark.parametrize("start", ["13:01", "13:10", "13:00:30"])
    def test_starts_are_on_the_quarter_hour(self, start):
        assert refusal(plan(start, "15:00"))[0] == "start_time"

    @pytest.mark.parametrize("end", ["14:20", "14:59"])
    def test_ends_are_on_the_quarter_hour(self, end):
        assert refusal(plan("13:00", end, 20))[0] == "end_time"

    @pytest.mark.parametrize("quarter", ["13:00", "13:15", "13:30", "13:45"])
    def test_every_quarter_is_fine(self, quarter):
        hour = int(quarter[:2])
        check_times(plan(quarter, f"{hour + 1}{quarter[2:]}"), NOW)


class TestWholeSlots:
    @pytest.mark.parametrize(
        ("start", "end", "minutes", "nearest"),
        [
            ("13:00", "14:15", 30, "14:00 or 14:30"),
            ("13:00", "14:00", 45, "13:45 or 14:30"),
            ("13:00", "13:30", 60, "14:00"),
            # Twenty minutes and quarter hours meet on whole hours only.
            ("13:00", "14:30", 20, "14:00 or 15:00"),
            ("13:15", "13:45", 20, "14:15"),
            # Never past the eight hours, nor past midnight.
            ("08:00", "15:45", 60, "15:00 or 16:00"),
            ("08:00", "16:00", 45, "15:30"),
            ("22:30", "23:45", 60, "23:30"),
            ("23:15", "23:45", 45, "00:00"),
            ("23:30", "23:45", 30, "00:00"),
        ],
    )
    def test_the_nearest_ends_are_named(self, start, end, minutes, nearest):
        field, message = refusal(plan(start, end, minutes))
        assert field == "end_time"
        assert message == (
            f"This isn't a whole number of {minutes}-minute slots. It could end at {nearest}."
        )

    def test_where_no_end_fits_none_is_named(self):
        assert refusal(plan("23:45", "00:00", 30)) == (
            "end_time",
            "This isn't a whole number of 30-minute slots.",
        )


class TestBounds:
    def test_eight_hours_are_the_most(self):
        check_times(plan("09:00", "17:00", 60), NOW)
        assert refusal(plan("09:00", "17:15", 15)) == (
            "end_time",
            "At most 8 hours at a stretch.",
        )

    @pytest.mark.parametrize("end", ["13:00", "12:00", "00:15"])
    def test_the_end_is_after_the_start_on_the_same_day(self, end):
        assert refusal(plan("13:00", end))[0] == "end_time"

    def test_an_end_of_midnight_is_the_end_of_the_day(self):
        asked = plan("23:00", "00:00", 60)
        check_times(asked, NOW)
        assert clocks(asked.slots) == ["23:00 – 00:00"]
        check_times(plan("16:00", "00:00", 60), NOW)

    @pytest.mark.parametrize("start", ["00:00", "13:00", "15:45"])
    def test_until_midnight_are_at_most_eight_hours_too(self, start):
        assert refusal(plan(start, "00:00", 15)) == ("end_time", "At most 8 hours at a stretch.")

    def test_nothing_starts_in_the_past_or_now(self):
        check_times(plan("09:15", "10:15", day=TODAY), NOW)
        assert refusal(plan("09:00", "10:00", day=TODAY))[0] == "start_time"
        assert refusal(plan("13:00", "14:00", day=TODAY - timedelta(days=1)))[0] == "date"

    def test_180_days_ahead_are_the_most(self):
        check_times(plan("13:00", "14:00", day=TODAY + timedelta(days=180)), NOW)
        assert refusal(plan("13:00", "14:00", day=TODAY + timedelta(days=181))) == (
            "date",
            "At most 180 days ahead.",
        )

    def test_the_far_last_week_of_a_series_can_be_edited_but_goes_no_further(self):
        far = TODAY + timedelta(days=300)
        began = when.at(far, time(13))
        check_times(plan("14:00", "15:00", day=far), NOW, began=began)
        further = plan("13:00", "14:00", day=far + timedelta(days=1))
        assert refusal(further, began=began)[0] == "date"

    def test_what_began_may_keep_its_start_and_end_later(self):
        began = when.at(TODAY, time(8))
        check_times(plan("08:00", "10:00", day=TODAY), NOW, began=began)
        assert refusal(plan("08:30", "10:30", day=TODAY), began=began)[0] == "start_time"
        assert refusal(plan("08:00", "09:00", day=TODAY), began=began)[0] == "end_time"


class TestWeekly:
    def days(self, until: date | None) -> list[date]:
        return [each.day for each in weekly(plan("13:00", "14:00", day=TODAY), until)]

    def test_without_an_end_it_is_one(self):
        assert self.days(None) == [TODAY]

    @pytest.mark.parametrize(("extra", "count"), [(0, 1), (6, 1), (7, 2), (13, 2), (14, 3)])
    def test_the_last_day_counts(self, extra, count):
        assert len(self.days(TODAY + timedelta(days=extra))) == count

    def test_the_weekday_and_the_times_stay(self):
        assert self.days(TODAY + timedelta(weeks=2)) == [
            date(2026, 11, 23),
            date(2026, 11, 30),
            date(2026, 12, 7),
        ]

    def test_26_weeks_are_the_most(self):
        assert len(self.days(TODAY + timedelta(weeks=26))) == 27
        with pytest.raises(SchedulingError) as caught:
            self.days(TODAY + timedelta(weeks=26, days=1))
        assert (caught.value.field, caught.value.status) == ("repeat_until", 422)

    def test_the_last_day_is_not_before_the_first(self):
        with pytest.raises(SchedulingError) as caught:
            self.days(TODAY - timedelta(days=1))
        assert caught.value.field == "repeat_until"


def test_back_to_back_is_no_overlap():
    span = Span(when.at(TODAY, time(13)), when.at(TODAY, time(14)))
    hour = timedelta(hours=1)
    assert not span.overlaps(span.start - hour, span.start)
    assert not span.overlaps(span.end, span.end + hour)
    assert span.overlaps(span.start - hour, span.start + timedelta(minutes=15))
    assert span.overlaps(span.start, span.end)
