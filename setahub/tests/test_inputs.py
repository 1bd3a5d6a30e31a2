"""Times and days are chosen from lists in the page's words, whatever the browser speaks."""

import re
from datetime import date, time, timedelta

import pytest
from django import forms
from django.conf import settings
from django.utils.translation import override

from setahub.core import clock as when
from setahub.core.web.fields import ClockField, DayField, EndField, WeekField, WeeksAheadField

FRIDAY = date(2026, 11, 27)


def fortnight() -> tuple[date, date]:
    return FRIDAY, FRIDAY + timedelta(days=14)


class Form(forms.Form):
    date = DayField(days=fortnight)
    repeat_until = DayField(days=fortnight, required=False)
    week = WeekField(days=fortnight)
    weeks = WeeksAheadField(days=fortnight, required=False)
    start_time = ClockField()
    end_time = EndField()


def options(form: forms.Form, name: str) -> dict[str, str]:
    """What can be chosen: what is sent, and its words."""
    found = re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', str(form[name]))
    assert len(dict(found)) == len(found)
    return dict(found)


def chosen(form: forms.Form, name: str) -> list[str]:
    return re.findall(r'<option value="([^"]*)" selected', str(form[name]))


@pytest.fixture(autouse=True)
def on_friday(clock):
    clock.move_to(when.at(FRIDAY, time(9)))


def test_weeks_ahead_are_few_and_say_their_day_and_how_many():
    found = {sent: words for sent, words in options(Form(), "weeks").items() if sent}
    assert found == {"2026-12-04": "Fri 4 Dec (1 week)", "2026-12-11": "Fri 11 Dec (2 weeks)"}


def test_another_day_is_kept_beside_the_weeks_ahead():
    form = Form(initial={"weeks": date(2026, 12, 6)})
    assert chosen(form, "weeks") == ["2026-12-06"]
    assert options(form, "weeks")["2026-12-06"] == "Sun 6 Dec"


def test_times_are_those_of_the_grid_in_24_hours():
    times = [time for time in options(Form(), "start_time") if time]
    assert times == [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
    ends = [time for time in options(Form(), "end_time") if time]
    assert ends == [*times[1:], "24:00"]
    assert timedelta(minutes=15) == settings.APPOINTMENT_GRID


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("start_time", time(13), "13:00"),
        ("start_time", "13:00:00", "13:00"),
        ("end_time", time(0), "24:00"),
        ("end_time", "00:00", "24:00"),
        ("date", FRIDAY, "2026-11-27"),
        ("date", "2026-11-28", "2026-11-28"),
    ],
)
def test_what_stands_there_is_chosen(name, value, option):
    bare = options(Form(), name)
    for form in (Form(initial={name: value}), Form({name: str(value)})):
        assert chosen(form, name) == [option]
        assert list(options(form, name)) == [each for each in bare if each]


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("start_time", "13:07", "13:07"),
        ("date", "2027-01-01", "Fri 1 Jan 2027"),
        ("date", "2569-11-27", "2569-11-27"),
        ("date", "<b>", "&lt;b&gt;"),
        ("week", "2026-12-04", "Mon 30 Nov – Sun 6 Dec"),
    ],
)
def test_what_is_none_of_the_list_is_kept_as_it_was_sent(name, typed, words):
    form = Form({name: typed})
    [value] = chosen(form, name)
    assert options(form, name)[value] == words


def test_days_stand_by_month_within_their_bounds():
    html = str(Form()["date"])
    assert re.findall(r'<optgroup label="([^"]+)"', html) == ["November 2026", "December 2026"]
    days = options(Form(), "date")
    assert list(days)[0:2] == ["", "2026-11-27"]
    assert list(days.items())[-1] == ("2026-12-11", "Fri 11 Dec")
    assert len(days) == 1 + 15


def test_weeks_are_sent_as_their_monday():
    assert options(Form(initial={"week": FRIDAY - timedelta(days=4)}), "week") == {
        "2026-11-23": "Mon 23 Nov – Sun 29 Nov",
        "2026-11-30": "Mon 30 Nov – Sun 6 Dec",
        "2026-12-07": "Mon 7 Dec – Sun 13 Dec",
    }


def test_in_thai_they_read_thai_and_send_the_same():
    with override("th"):
        html = str(Form()["date"])
        assert '<optgroup label="พฤศจิกายน 2569">' in html
        assert options(Form(), "date")["2026-11-27"] == "ศ.\u00a027\u00a0พ.ย."
        assert options(Form(), "start_time")["13:00"] == "13:00"


def test_only_what_has_nothing_chosen_yet_can_be_left_empty():
    empty = Form(initial={"date": FRIDAY, "repeat_until": FRIDAY})
    assert "" not in options(empty, "date")
    assert "" in options(empty, "repeat_until")
    assert "" in options(Form(), "date")
    assert " required" in str(Form()["date"])
    assert " required" not in str(empty["date"])  # a list without an empty option needs none
    assert " required" not in str(Form()["repeat_until"])


def test_other_programs_send_iso():
    sent = {
        "date": "2026-12-24", "week": "2026-12-24", "start_time": "13:00", "end_time": "24:00",
    }  # fmt: skip
    form = Form(sent)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "date": date(2026, 12, 24),
        "repeat_until": None,
        "week": date(2026, 12, 24),
        "weeks": None,
        "start_time": time(13),
        "end_time": time(0),
    }


@pytest.mark.parametrize(
    "path", ["/appointments/new/", "/appointments/copy-week/", "/appointments/week/"]
)
def test_no_page_leaves_times_or_days_to_the_browser(sign_in, ta, topic, path):
    page = sign_in(ta).get(path).text
    assert "<select" in page
    for kind in ("date", "time", "week", "month", "datetime-local"):
        assert f'type="{kind}"' not in page
