"""How long a seat is held: a quarter of what is left, by day, to the second."""

from datetime import UTC, date, datetime, timedelta

import pytest

from scheduling.models import TimeSlot
from scheduling.services.holds import after, counted, hold_until
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes, ExamWeek

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    """On the site's clock, in November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=when.zone()).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("24 08:00", "24 09:30", 90),
        ("24 06:00", "24 07:00", 0),
        ("24 06:59:30", "24 07:00:30", 0.5),
        ("24 21:59:59", "24 22:00:01", 1 / 60),
        ("24 22:00", "25 07:00", 0),
        ("24 21:00", "25 08:00", 120),
        ("24 23:30", "25 06:00", 0),
        ("24 07:00", "26 07:00", 2 * 15 * 60),
        ("24 12:00", "24 11:00", 0),
    ],
)
def test_minutes_count_from_seven_to_ten_in_the_evening(start, end, minutes):
    assert counted(at(start), at(end)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("24 08:00", 30, "24 08:30"),
        ("24 21:30", 30, "24 22:00"),
        ("24 21:30", 31, "25 07:01"),
        ("24 23:00", 10, "25 07:10"),
        ("24 03:00", 120, "24 09:00"),
        ("24 21:00", 16 * 60, "25 22:00"),
    ],
)
def test_what_is_left_over_goes_on_in_the_morning(start, minutes, end):
    assert after(at(start), minutes * MINUTE) == at(end)


def slot(start: str) -> TimeSlot:
    return TimeSlot(starts_at=at(start), ends_at=at(start) + 30 * MINUTE)


@pytest.mark.parametrize(
    ("start", "now", "until"),
    [
        # An hour before the start it closes: of 9 hours left a quarter is more than the most.
        ("24 18:00", "24 08:00", "24 10:00"),
        # Of 8 hours exactly the most, of a second less a quarter of that less.
        ("24 17:00", "24 08:00", "24 10:00"),
        ("24 17:00", "24 08:00:04", "24 10:00:03"),
        ("24 11:00", "24 08:00", "24 08:30"),
        # 30 minutes are enough, a second less is not.
        ("24 09:30", "24 08:00", "24 08:07:30"),
        ("24 09:30", "24 08:00:01", None),
        # The night doesn't count: 30 minutes in the evening and an hour in the morning are left.
        ("25 09:00", "24 21:30", "24 21:52:30"),
        ("25 09:00", "24 21:50", "25 07:07:30"),
        # What closes before anybody is up is not held.
        ("25 07:30", "24 23:00", None),
        ("24 08:30", "24 08:00", None),
    ],
)
def test_a_seat_is_held_for_a_quarter_of_the_time_left_and_two_hours_at_most(start, now, until):
    assert hold_until(slot(start), at(now)) == (until and at(until))


def test_an_exam_week_with_a_longer_notice_closes_earlier():
    day = date(2026, 11, 26)
    source.keep(Changes({}, [ExamWeek(day, day, min_notice=timedelta(hours=24))]))
    # Closes on the 25th at noon: four hours are left.
    assert hold_until(slot("26 12:00"), at("25 08:00")) == at("25 09:00")
    assert hold_until(slot("26 12:00"), at("25 11:30:01")) is None
