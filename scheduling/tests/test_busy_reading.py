"""What is read of a calendar: when somebody is busy, and nothing else."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from scheduling import feeds
from scheduling.tests.calendars import NINE, at, calendar
from setahub.core.outbound import OutboundError

START = datetime(2026, 11, 22, 17, tzinfo=UTC)  # Monday 23 November in Bangkok
END = START + timedelta(days=30)
WEEK = timedelta(weeks=1)


class TestReading:
    def read(self, *events: str) -> list[tuple[datetime, datetime]]:
        return feeds.busy_times(calendar(*events), START, END)

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            (NINE, [(at(24, 9), at(24, 10))]),
            (f"{NINE}\r\nTRANSP:TRANSPARENT", []),
            (f"{NINE}\r\nSTATUS:CANCELLED", []),
            ("DTSTART:20261124T090000\r\nDTEND:20261124T100000", [(at(24, 9), at(24, 10))]),
            ("DTSTART:20261124T020000Z\r\nDURATION:PT90M", [(at(24, 9), at(24, 10, 30))]),
            ("DTSTART;VALUE=DATE:20261124", [(at(24, 0), at(25, 0))]),
            ("DTSTART;VALUE=DATE:20261124\r\nTRANSP:TRANSPARENT", []),
            ("DTSTART:20261124T020000Z", []),
            ("SUMMARY:without a beginning", []),
        ],
    )
    def test_one_event(self, event, expected):
        assert self.read(event) == expected

    def test_recurring_with_one_left_out_and_one_moved(self):
        weekly = f"{NINE}\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;TZID=Asia/Bangkok:20261201T090000"
        found = self.read(weekly)
        assert found == [(at(24, 9), at(24, 10)), (at(24, 9) + 2 * WEEK, at(24, 10) + 2 * WEEK)]

    def test_what_touches_or_overlaps_is_one(self):
        later = NINE.replace("T100000", "T113000").replace("T090000", "T093000")
        assert self.read(NINE, later) == [(at(24, 9), at(24, 11, 30))]

    @pytest.mark.parametrize(
        "rule", ["FREQ=SECONDLY", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,1,2,3"]
    )
    def test_rules_without_an_end_to_them_are_left_out(self, rule):
        assert self.read(f"{NINE}\r\nRRULE:{rule}", NINE.replace("24T", "25T")) == [
            (at(25, 9), at(25, 10))
        ]

    def test_one_that_takes_too_long_is_ended(self, monkeypatch):
        monkeypatch.setattr(feeds, "READ_WITHIN", 1.5)
        never = "DTSTART:19700101T090000Z\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
        began = time.monotonic()
        with pytest.raises(OutboundError) as refused:
            self.read(*[never] * 300)
        assert refused.value.code == "too_complex"
        assert time.monotonic() - began < 30

    @pytest.mark.parametrize(
        "data",
        [b"", b"hello", b"<html>", b"BEGIN:VCALENDAR\r\n", b"\xff\xfe", calendar(*[NINE] * 3001)],
    )
    def test_what_is_no_calendar(self, data):
        with pytest.raises(OutboundError) as refused:
            feeds.busy_times(data, START, END)
        assert refused.value.code == "no_calendar"
