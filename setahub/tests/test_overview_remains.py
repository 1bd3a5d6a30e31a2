"""What remains of sessions, in the overview and in its file, against rows made by hand."""

import csv
import io
from datetime import timedelta

import pytest

from scheduling.models import Booking, Thanks
from scheduling.services import bookings, care, reliability, takeaways
from scheduling.tests.factories import book, open_time, slots_of, tomorrow
from setahub.core import clock as when
from setahub.site.overview.page import numbers

pytestmark = pytest.mark.usefixtures("clock")
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MON_23, MON_30 = "2026-11-23", "2026-11-30"


@pytest.fixture
def crowd(make_user):
    return [make_user(f"Student {number}", year=1) for number in range(8)]


@pytest.fixture
def two_weeks(clock, ta, topic, crowd):
    """A session in this week and one in the next; three weeks on nobody can change an answer.

    This week: eight seats. Four came (three of them checked in), one did not and disputes it, one did
    not, one was cancelled late, one is reported for an absent TA. The next: one came.
    """
    session = open_time(ta, topic, start="09:00", end="13:00")
    later = open_time(ta, topic, day=tomorrow() + WEEK, start="09:00", end="10:00")
    slots = slots_of(session)
    made = [book(person, slot) for person, slot in zip(crowd, slots, strict=True)]
    last = book(crowd[0], slots_of(later)[0])
    clock.move_to(made[6].starts_at - timedelta(hours=2))
    bookings.cancel(made[6], crowd[6], "Ill")
    clock.move_to(session.ends_at)
    for row in made[:4]:
        bookings.complete(row, ta)
    Booking.objects.filter(pk__in=[row.pk for row in made[:3]]).update(
        checked_in_at=session.starts_at
    )
    for row in made[4:6]:
        bookings.mark_no_show(row, ta)
    reliability.dispute(made[4], crowd[4], "I was there.")
    bookings.report_ta_absent(made[7], crowd[7])
    takeaways.leave(made[0], ta, "Trees")  # at once
    clock.move_to(made[1].ends_at + DAY)
    takeaways.leave(made[1], ta, "Trees")  # within a day, to the second
    clock.move_to(made[2].ends_at + DAY + timedelta(seconds=1))
    takeaways.leave(made[2], ta, "Trees")  # a second too late
    for row, helped, words in (
        (made[0], "yes", "Thank you"),
        (made[1], "yes", ""),
        (made[2], "partly", "Thanks"),
        (made[3], "", "Well explained"),
    ):
        takeaways.thank(row, row.student, helped, words)
    clock.move_to(last.ends_at)
    bookings.complete(last, ta)
    takeaways.thank(last, crowd[0], "no", "")
    care.set_limits(ta, weekly_slots=9)
    return made


def card(title):
    [found] = [each for each in numbers().cards if each.title == title]
    weeks = dict(zip(_mondays(), (value for _label, value in found.table), strict=True))
    return [weeks[MON_23], weeks[MON_30]]


def _mondays():
    this = when.monday(when.today())
    return [(this - number * WEEK).isoformat() for number in range(11, -1, -1)]


@pytest.mark.parametrize(
    ("title", "weeks"),
    [
        ("Checked in", ["43%", "0%"]),  # 3 of 7 that were not cancelled; 0 of 1
        ("No-shows", ["29%", "0%"]),  # 2 of 7
        ("Late cancellations", ["12%", "0%"]),  # 1 of 8
        ("Disputed no-shows", ["1", "0"]),
        ("Takeaways within a day", ["50%", "0%"]),  # 2 of 4 that took place
        ("Thanks", ["3", "0"]),
    ],
)
def test_each_number_is_what_is_counted_by_hand(two_weeks, title, weeks):
    assert card(title) == weeks


def test_whether_it_helped_is_a_sum_of_five_once_nobody_can_change_it(two_weeks, clock, crowd):
    for row, said in ((two_weeks[4], "yes"), (two_weeks[5], "no")):
        Thanks.objects.create(booking=row, helped=said)
    assert card("It helped") == ["–", "–"]
    clock.shift(3 * WEEK)
    numbers.drop()
    # yes, yes, partly, yes, no: five answers. The next week has one, which nobody sees.
    assert card("It helped") == ["60%", "–"]
    [row] = numbers().helped
    assert list(row) == [MON_23, "Data Structures", 5, "60%"]


def test_the_file_says_the_same(two_weeks, staff, sign_in):
    content = b"".join(sign_in(staff).get("/admin/numbers.csv")).decode("utf-8-sig")
    titles, *lines = csv.reader(io.StringIO(content))
    assert titles[1:] == _mondays()
    found = {line[0].partition(" (")[0]: dict(zip(titles, line, strict=True)) for line in lines}
    assert [found["Disputed no-shows"][week] for week in (MON_23, MON_30)] == ["1", "0"]
    assert [found["Thanks"][week] for week in (MON_23, MON_30)] == ["3", "0"]
    for title, shares in (
        ("Checked in", (3 / 7, 0)),
        ("Takeaways within a day", (1 / 2, 0)),
    ):
        told = [found[title][week] for week in (MON_23, MON_30)]
        assert told == [f"{share:.0%}" for share in shares]


def test_what_waits_for_staff(two_weeks, staff, sign_in):
    page = sign_in(staff).get("/admin/").content.decode()
    assert "<b>1</b> no-shows are disputed" in page
    assert "<b>1</b> students reported that their TA did not come" in page


def test_a_ta_beside_the_own_limit(two_weeks, ta):
    [line] = numbers().loads
    assert (line.name, line.count, line.most) == (ta.username, 1, 9)
