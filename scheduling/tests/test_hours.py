"""Sums of a TA's hours: any mixture of bookings, against a count made the plain way."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.queries.sums import Seat, Sum, sum_up, within
from scheduling.terms import Term, terms_of
from setahub.core import clock as when

MINUTE = timedelta(minutes=1)
BANGKOK_MIDNIGHT = datetime(2026, 8, 31, 17, 0, tzinfo=when.UTC)  # the first of September there
STARTS = st.integers(-96, 96).map(lambda quarter: BANGKOK_MIDNIGHT + 15 * quarter * MINUTE)


@st.composite
def slots(draw):
    """Slots around a month's end with seats; ids unique, each with its own length."""
    made = []
    for key in range(draw(st.integers(0, 8))):
        start, minutes = draw(STARTS), draw(st.sampled_from([15, 20, 30, 45, 60]))
        for _seat in range(draw(st.integers(1, 3))):
            topic, verified = draw(st.sampled_from("ABC")), draw(st.booleans())
            made.append(Seat(key, start, start + minutes * MINUTE, topic, verified))
    return draw(st.permutations(made))


@given(slots())
def test_topics_add_up_and_nothing_counts_twice(seats):
    hours = sum_up(seats)
    assert sum((one for _name, one in hours.topics), Sum()) == hours.total
    assert hours.total.times == len({seat.slot for seat in seats})
    # Minute by minute: whoever teaches is in one place.
    minutes = {
        seat.starts_at + at * MINUTE
        for seat in seats
        for at in range((seat.ends_at - seat.starts_at) // MINUTE)
    }
    assert hours.total.minutes == len(minutes)
    assert 0 <= hours.total.verified_minutes <= hours.total.minutes
    verified = {seat.slot for seat in seats if seat.verified}
    assert hours.total.verified_times == len(verified)
    assert {name for name, _one in hours.topics} <= {seat.topic for seat in seats}


@given(slots(), st.randoms())
def test_the_order_of_rows_changes_nothing(seats, random):
    mixed = list(seats)
    random.shuffle(mixed)
    assert sum_up(mixed).total == sum_up(seats).total


@given(slots(), st.integers(-3, 3))
def test_spans_that_meet_lose_and_double_nothing(seats, shift):
    """Of slots that don't overlap, as those of one TA: two months, or any two spans side by side."""
    apart, reached = [], None
    for key in sorted({seat.slot for seat in seats}):
        own = [seat for seat in seats if seat.slot == key]
        if reached is None or own[0].starts_at >= reached:
            apart += own
            reached = own[0].ends_at
    cut = date(2026, 9, 1) + timedelta(days=shift)
    before = sum_up(within(apart, date(2026, 8, 1), cut - timedelta(days=1))).total
    after = sum_up(within(apart, cut, date(2026, 9, 30))).total
    assert before + after == sum_up(apart).total


def test_a_slot_belongs_to_the_day_of_the_faculty():
    late = Seat(1, BANGKOK_MIDNIGHT - 15 * MINUTE, BANGKOK_MIDNIGHT, "A", False)
    early = Seat(2, BANGKOK_MIDNIGHT, BANGKOK_MIDNIGHT + 15 * MINUTE, "A", False)
    assert within([late, early], date(2026, 8, 1), date(2026, 8, 31)) == [late]
    assert within([late, early], date(2026, 9, 1), date(2026, 9, 1)) == [early]


def test_a_slot_of_two_topics_counts_with_that_of_most():
    start, end = BANGKOK_MIDNIGHT, BANGKOK_MIDNIGHT + 30 * MINUTE
    seats = [Seat(1, start, end, topic, topic == "A") for topic in "BAB"]
    assert sum_up(seats).topics == [("B", Sum(1, 30, 1, 30))]
    assert sum_up(seats[:2]).topics == [("A", Sum(1, 30, 1, 30))]


# --- Terms --------------------------------------------------------------------------------------


@given(st.dates(date(2001, 1, 1), date(2199, 1, 1)))
@settings(max_examples=300)
def test_each_day_has_one_term_and_terms_meet(day):
    term = Term.on(day)
    assert term.first <= day <= term.last
    assert Term.on(term.last) == term == Term.on(term.first)
    following = Term.on(term.last + timedelta(days=1))
    assert following.number == term.number % 3 + 1


@pytest.mark.parametrize(
    ("day", "english", "thai"),
    [
        (date(2026, 8, 1), "Semester 1, 2026", "ภาคเรียนที่ 1/2569"),
        (date(2026, 12, 31), "Semester 1, 2026", "ภาคเรียนที่ 1/2569"),
        (date(2027, 1, 1), "Semester 2, 2026", "ภาคเรียนที่ 2/2569"),
        (date(2027, 7, 31), "Summer term 2026", "ภาคฤดูร้อน 2569"),
    ],
)
def test_a_term_is_called_by_its_academic_year(day, english, thai):
    for language, name in (("en", english), ("th", thai)):
        with translation.override(language):
            assert Term.on(day).name == name


def test_terms_are_listed_newest_first():
    days = [date(2026, 9, 1), date(2027, 2, 1), date(2026, 10, 1)]
    assert [term.number for term in terms_of(days)] == [2, 1]
