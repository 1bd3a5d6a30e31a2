"""Small tools: keys, time in words, pages of a list."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import Http404

from conftest import NOW
from setahub.core import clock as when
from setahub.core.keys import ascii_slug, fold, nfc
from setahub.core.web import ratelimit
from setahub.core.web.paging import paginate, whole
from setahub.core.web.ratelimit import TooMany, Window, guess
from topics.models import Topic


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Cafe\u0301", "CAFÉ"),
        ("  น้ำฝน ", "น้ำฝน"),
        ("İ", "i\u0307"),
    ],
)
def test_names_that_read_alike_have_one_key(one, other):
    assert fold(one) == fold(other)


def test_different_thai_names_keep_apart():
    assert fold("น้ำฝน") != fold("นำฝน")
    assert nfc(" น้ำฝน ") == "น้ำฝน"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Data Structures", "data-structures"),
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("!!!", "topic"),
        ("🙂" * 3, "topic"),
    ],
)
def test_slugs_are_ascii(name, slug):
    made = ascii_slug(name, "topic")
    assert made == slug or (name.startswith("🙂") and made.isascii())


def test_thai_becomes_latin():
    slug = ascii_slug("คณิตศาสตร์ดิสครีต", "topic")
    assert slug.isascii()
    assert slug != "topic"


class TestWhen:
    def test_a_time_of_another_zone_is_shown_on_the_facultys_clock(self, clock):
        moment = datetime.fromisoformat("2026-11-24T06:30:00+00:00")
        assert when.time_of_day(moment) == "13:30"
        assert when.full(moment) == "Tue 24 Nov, 13:30"
        assert when.day_name(moment) == "Tomorrow"

    @pytest.mark.parametrize(
        ("zone", "name"),
        [
            ("Asia/Bangkok", "Bangkok time, UTC+7"),
            ("America/New_York", "New York time, UTC−5"),
            ("Asia/Kolkata", "Kolkata time, UTC+5:30"),
            ("America/St_Johns", "St Johns time, UTC−3:30"),
            ("America/Argentina/Buenos_Aires", "Buenos Aires time, UTC−3"),
            ("Europe/London", "London time, UTC"),
            ("Etc/GMT-7", "UTC+7"),
            ("UTC", "UTC"),
        ],
    )
    def test_the_zone_has_a_name(self, settings, zone, name):
        settings.TIME_ZONE = zone
        assert when.zone_name(datetime(2026, 11, 24, 6, 0, tzinfo=UTC)) == name

    def test_the_zone_has_the_offset_of_the_moment(self, settings):
        settings.TIME_ZONE = "Europe/Berlin"
        assert when.zone_name(datetime(2027, 3, 28, 0, 59, tzinfo=UTC)) == "Berlin time, UTC+1"
        assert when.zone_name(datetime(2027, 3, 28, 1, 0, tzinfo=UTC)) == "Berlin time, UTC+2"

    def test_days_have_names_near_by(self, clock):
        today = date(2026, 11, 23)
        assert when.day_name(today) == "Today"
        assert when.day_name(today - timedelta(days=1)) == "Yesterday"
        assert when.day_name(date(2026, 11, 25)) == "Wed 25 Nov"
        assert when.day_name(date(2027, 1, 4)) == "Mon 4 Jan 2027"

    @pytest.mark.parametrize(
        ("ahead", "words"),
        [
            (timedelta(0), "now"),
            (timedelta(seconds=30), "in 1 min"),
            (timedelta(minutes=20), "in 20 min"),
            (timedelta(minutes=61), "in 1 hour"),
            (timedelta(hours=5), "in 5 hours"),
            (timedelta(hours=20), "tomorrow"),
            (timedelta(days=2), "in 2 days"),
        ],
    )
    def test_how_far_ahead_something_lies(self, clock, ahead, words):
        assert when.until(NOW + ahead) == words

    @pytest.mark.parametrize(
        "text", [None, "", "x", "2026-13-01", "0001-01-01", "9999-12-31", "2026-11-23T10:00"]
    )
    def test_what_is_no_sensible_date_is_none(self, text):
        assert when.parse_date(text) is None

    def test_a_week_begins_on_monday(self):
        assert when.monday(date(2026, 11, 29)) == date(2026, 11, 23)


class TestPaging:
    @pytest.mark.parametrize("text", [None, "", "x", "1.5", "-3", "²", "9" * 30])
    def test_garbage_is_the_default(self, text):
        assert whole(text, 7, low=1, high=60) == 7

    def test_numbers_are_kept_within_bounds(self):
        assert [whole(text, 7, low=1, high=60) for text in ("0", "12", "61")] == [1, 12, 60]

    def test_a_page_knows_its_neighbours_without_counting(self, creator, django_assert_num_queries):
        for number in range(5):
            Topic.objects.create(name=f"T{number}", slug=f"t{number}", creator=creator)
        rows = Topic.objects.order_by("pk")
        with django_assert_num_queries(1):
            first = paginate(rows, "1", 2)
        last = paginate(rows, "3", 2)
        assert ([t.name for t in first.items], first.has_previous, first.has_next) == (
            ["T0", "T1"],
            False,
            True,
        )
        assert ([t.name for t in last.items], last.has_previous, last.has_next) == (
            ["T4"],
            True,
            False,
        )
        with pytest.raises(Http404):
            paginate(rows, "4", 2)


class TestWindow:
    def test_counts_each_key_alone(self, clock):
        one, other = Window("one@example.com", 300), Window("other@example.com", 300)
        assert [one.add(), one.add(), other.add(), one.add()] == [1, 2, 1, 3]

    def test_begins_with_the_first_and_ends_after_its_seconds(self, clock):
        window = Window("one@example.com", 300)
        assert window.add() == 1
        clock.shift(299)
        assert window.add() == 2
        clock.shift(1)
        assert window.add() == 1

    def test_takes_any_key(self, clock):
        assert Window("ก \0\n\ud800" * 200, 60).add() == 1


def wrong(number: int) -> None:
    with guess("somebody", 3, 300):
        pass


def right(number: int) -> None:
    with guess("somebody", 3, 300) as made:
        made.right = True


class CacheOverNetwork:
    """The cache, with time for others between any two uses of it."""

    def __getattr__(self, name: str) -> Any:
        def use(*args: Any) -> Any:
            answer = getattr(cache, name)(*args)
            time.sleep(0.001)
            return answer

        return use


class TestGuess:
    def test_right_ones_refuse_nobody_however_many_meet(self, monkeypatch):
        """What was wrong and what is being looked at are read in one step, not one by one."""
        monkeypatch.setattr(ratelimit, "cache", CacheOverNetwork())
        monkeypatch.setattr(ratelimit, "PATIENCE", 1000)  # nobody is to go for having waited long
        wrong(0)
        wrong(0)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(right, range(200)))
        wrong(0)
        with pytest.raises(TooMany):
            right(0)

    def test_one_of_an_earlier_window_counts_in_none(self, clock):
        with guess("somebody", 3, 300):
            clock.shift(300)
            wrong(0)
            wrong(0)
        right(0)
        wrong(0)
        with pytest.raises(TooMany):
            right(0)

    def test_one_whose_count_was_forgotten_is_no_error(self):
        with guess("somebody", 3, 300):
            Window("guess somebody", 300).forget()
        for _ in range(3):
            wrong(0)
        with pytest.raises(TooMany):
            wrong(0)
