"""What a calendar of one's own says: recurrence, zones, and calendars made to keep a machine busy."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from scheduling import feeds
from scheduling.tests.calendars import NINE, at, calendar
from scheduling.tests.test_busy import END, START
from setahub.core.outbound import OutboundError

WEEK = timedelta(weeks=1)


def read(*events: str, start: datetime = START, end: datetime = END):
    return feeds.busy_times(calendar(*events), start, end)


def series(*events: str) -> bytes:
    """Events of one UID: the first recurs, the others stand for one of its times."""
    return b"".join(
        line if not line.startswith(b"UID:") else b"UID:one\r\n"
        for line in calendar(*events).splitlines(keepends=True)
    )


def days(found, hours: int = 24) -> list[int]:
    """Of November, each that is busy as a whole."""
    assert all(over - begin == timedelta(hours=hours) for begin, over in found)
    return [(begin + timedelta(hours=7)).day for begin, _over in found]


class TestRecurrence:
    WEEKLY = f"{NINE}\r\nRRULE:FREQ=WEEKLY;COUNT=3"
    SECOND = "RECURRENCE-ID;TZID=Asia/Bangkok:20261201T090000"

    def test_one_time_that_was_moved_is_where_it_was_moved_to(self):
        moved = f"{self.SECOND}\r\nDTSTART:20261202T060000Z\r\nDTEND:20261202T070000Z"
        found = feeds.busy_times(series(self.WEEKLY, moved), START, END)
        assert [begin for begin, _over in found] == [
            at(24, 9),
            datetime(2026, 12, 2, 6, tzinfo=UTC),
            at(24, 9) + 2 * WEEK,
        ]

    @pytest.mark.parametrize("said", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
    def test_one_time_that_was_called_off_is_free(self, said):
        off = NINE.replace("20261124", "20261201") + f"\r\n{self.SECOND}\r\n{said}"
        found = feeds.busy_times(series(self.WEEKLY, off), START, END)
        assert [begin for begin, _over in found] == [at(24, 9), at(24, 9) + 2 * WEEK]

    def test_several_days_of_the_week_until_one(self):
        rule = "RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261202T170000Z"
        begins = [begin for begin, _over in read(f"{NINE}\r\n{rule}")]
        assert begins == [at(24, 9), at(26, 9), at(24, 9) + WEEK]

    def test_further_times_by_name(self):
        more = "RDATE;TZID=Asia/Bangkok:20261127T090000,20261128T090000"
        begins = [begin for begin, _over in read(f"{NINE}\r\n{more}")]
        assert begins == [at(24, 9), at(27, 9), at(28, 9)]

    def test_one_that_began_long_ago_and_never_ends(self):
        old = "DTSTART;TZID=Asia/Bangkok:19900102T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY"
        begins = [begin for begin, _over in read(old)]
        assert begins == [at(24, 9) + WEEK * n for n in range(5)][: len(begins)]
        assert len(begins) >= 4


class TestWholeDays:
    def test_several_in_a_row_end_before_the_last_named(self):
        trip = "DTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261127"
        assert read(trip) == [(at(24, 0), at(27, 0))]

    def test_each_week_but_one(self):
        rule = "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3\r\nEXDATE;VALUE=DATE:20261126"
        assert days(read(f"DTSTART;VALUE=DATE:20261124\r\n{rule}")) == [24, 28]


class TestZones:
    def test_of_a_zone_whose_clocks_change(self):
        """Nine in Berlin is seven in UTC in summer, and eight in winter."""
        weekly = "DTSTART;TZID=Europe/Berlin:20261023T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=2"
        start = datetime(2026, 10, 1, tzinfo=UTC)
        begins = [begin for begin, _over in read(weekly, start=start)]
        assert begins == [
            datetime(2026, 10, 23, 7, tzinfo=UTC),
            datetime(2026, 10, 30, 8, tzinfo=UTC),
        ]

    def test_of_a_zone_that_the_calendar_itself_describes(self):
        zone = (
            b"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
            b"TZOFFSETFROM:+0530\r\nTZOFFSETTO:+0530\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        event = "DTSTART;TZID=Ours:20261124T090000\r\nDTEND;TZID=Ours:20261124T100000"
        data = calendar(event).replace(b"BEGIN:VEVENT", zone + b"BEGIN:VEVENT", 1)
        assert feeds.busy_times(data, START, END) == [(at(24, 10, 30), at(24, 11, 30))]

    def test_by_the_name_that_outlook_has_for_ours(self):
        assert read(NINE.replace("Asia/Bangkok", "SE Asia Standard Time")) == [
            (at(24, 9), at(24, 10))
        ]

    def test_of_a_zone_that_nobody_knows_counts_as_the_faculty_s(self):
        assert read(NINE.replace("Asia/Bangkok", "Nowhere/Land")) == [(at(24, 9), at(24, 10))]

    def test_across_midnight(self):
        late = "DTSTART:20261124T160000Z\r\nDTEND:20261124T180000Z"
        assert read(late) == [(at(24, 23), at(25, 1))]

    def test_what_began_before_and_ends_after_is_cut_to_what_was_asked(self):
        year = "DTSTART:20260101T000000Z\r\nDTEND:20270101T000000Z"
        assert read(year) == [(START, END)]


class TestMadeToKeepAMachineBusy:
    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=MINUTELY",
            "FREQ=SECONDLY;BYSECOND=0",
            "FREQ=DAILY;BYSECOND=0,1,2,3,4",
            "freq=secondly",
        ],
    )
    def test_a_rule_that_never_rests_costs_nothing(self, rule):
        began = time.monotonic()
        assert read(f"{NINE}\r\nRRULE:{rule}", NINE.replace("24T", "25T")) == [
            (at(25, 9), at(25, 10))
        ]
        assert time.monotonic() - began < 10

    def test_a_zone_whose_clocks_change_every_second(self):
        zone = (
            b"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
            b"TZOFFSETFROM:+0530\r\nTZOFFSETTO:+0530\r\nRRULE:FREQ=SECONDLY\r\n"
            b"END:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        event = "DTSTART;TZID=Ours:20261124T090000\r\nDTEND;TZID=Ours:20261124T100000"
        data = calendar(event).replace(b"BEGIN:VEVENT", zone + b"BEGIN:VEVENT", 1)
        began = time.monotonic()
        assert feeds.busy_times(data, START, END) == [(at(24, 10, 30), at(24, 11, 30))]
        assert time.monotonic() - began < 10

    def test_parts_within_parts_without_end(self):
        data = b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 50_000
        with pytest.raises(OutboundError) as refused:
            feeds.busy_times(data, START, END)
        assert refused.value.code in ("no_calendar", "too_complex")

    def test_more_stretches_than_a_person_has(self, monkeypatch):
        monkeypatch.setattr(feeds, "STRETCHES_MAX", 3)
        daily = f"{NINE}\r\nRRULE:FREQ=DAILY;COUNT="
        assert len(read(f"{daily}3")) == 3
        with pytest.raises(OutboundError) as refused:
            read(f"{daily}4")
        assert refused.value.code == "too_complex"


def test_a_day_of_the_reader_is_one_of_the_faculty(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    found = read("DTSTART;VALUE=DATE:20261124")
    assert found == [(at(24, 6), at(25, 6))]
