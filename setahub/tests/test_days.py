"""Days far out, of another era or millennium, at the ends of the calendar; and days as they are written."""

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from scheduling.tests.factories import open_time
from setahub.core import clock as when
from setahub.core.web.fields import DayField
from setahub.policy.models import ExamWeek


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2569-11-30", "2569 is 2026: type the year as 2026."),
        ("9999-12-31", "9999 can't be right: choose a year from 2000 to 2200."),
        ("0001-01-01", "1 can't be right: choose a year from 2000 to 2200."),
        ("1999-12-31", "1999 can't be right: choose a year from 2000 to 2200."),
    ],
)
def test_a_year_that_cannot_be_meant_is_refused_in_words(text, words):
    with pytest.raises(ValidationError) as refused:
        DayField().clean(text)
    assert refused.value.messages == [words]


@pytest.mark.parametrize("text", ["10000-01-01", "-1-01-01", "2026-02-30", "x", "\0", "\ud800"])
def test_what_is_no_day_is_said_to_be_none(text):
    with pytest.raises(ValidationError) as refused:
        DayField().clean(text)
    assert refused.value.messages == ["Enter a valid date."]
    assert when.parse_date(text) is None


def test_a_day_is_read():
    assert DayField().clean(" 2026-11-30 ") == date(2026, 11, 30)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_have_bounds_like_any_day(day):
    start, end = when.day_bounds(day)
    assert start < end


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2569-11-30", "2569-12-04", "2569 is 2026: type the year as 2026."),
        ("9999-12-30", "9999-12-31", "9999 can't be right: choose a year from 2000 to 2031."),
        ("0001-01-01", "0001-01-02", "1 can't be right: choose a year from 2000 to 2031."),
        ("2032-01-01", "2032-01-02", "2032 can't be right: choose a year from 2000 to 2031."),
    ],
)
def test_an_exam_week_of_a_year_that_cannot_be_meant_is_refused(clock, first, last, words):
    days = {"first_day": date.fromisoformat(first), "last_day": date.fromisoformat(last)}
    week = ExamWeek(name="Midterm", max_active_bookings=2, **days)
    with pytest.raises(ValidationError) as refused:
        week.clean()
    assert refused.value.message_dict == {"first_day": [words], "last_day": [words]}


@pytest.mark.parametrize("days", [(date(9999, 12, 30), date.max), (date.min, date(1, 1, 2))])
def test_one_that_was_stored_before_that_breaks_no_page(clock, ta, topic, sign_in, days):
    from setahub.policy import source

    ExamWeek.objects.create(
        name="Far", first_day=days[0], last_day=days[1], booking_min_notice=1, max_active_bookings=2
    )
    source.read()
    client = sign_in(ta)
    for path in ("/", "/topics/", f"/topics/{topic.slug}/", f"/users/{ta.pk}/timeslots/"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            "2569-11-30",
            "2569 is 2026: type the year as 2026. The days from today are shown instead.",
        ),
        ("2026-11-30", ""),
        ("x", ""),
    ],
)
def test_a_buddhist_year_in_an_address_of_free_times_is_refused_with_the_one_meant(
    clock, sign_in, student, ta, topic, asked, words
):
    client = sign_in(student)
    open_time(ta, topic)
    for path in (f"/topics/{topic.slug}/", f"/users/{ta.pk}/timeslots/"):
        page = client.get(path, {"from": asked}).text
        assert ("are shown instead" in page) == bool(words)
        assert words in page


def test_in_thai_no_line_ends_between_a_day_and_its_month(clock):
    day, later = date(2026, 11, 27), date(2027, 1, 2)
    with override("th"):
        written = [
            when.full(when.at(day, time(13))),
            when.day_short(later),
            when.day_long(day),
            when.day_and_year(day),
            when.days_range(day, date(2026, 12, 3)),
        ]
    assert [each.replace("\u00a0", "_") for each in written] == [
        "ศ._27_พ.ย. 13:00",
        "ส._2_ม.ค. 2570",
        "วันศุกร์ที่_27_พฤศจิกายน",
        "27_พ.ย. 2569",
        "27_พ.ย. – 3_ธ.ค. 2569",
    ]
    assert when.day_short(day) == "Fri 27 Nov"
