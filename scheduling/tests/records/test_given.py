"""What a TA gave: which times count, and how they are summed up."""

from datetime import date, time, timedelta

import hypothesis
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st

from scheduling.models import Booking
from scheduling.queries.hours import seats_of
from scheduling.queries.sums import Sum, sum_up, within
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes

pytestmark = pytest.mark.usefixtures("clock")


def total(ta):
    return sum_up(seats_of(ta)).total


def test_each_slot_once_however_many_seats(clock, session, student, stranger, ta):
    first, second = slots_of(session)[:2]
    made = [book(student, first), book(stranger, first), book(student, second)]
    clock.move_to(session.ends_at + timedelta(days=1))
    assert total(ta) == Sum(2, 60)
    Booking.objects.filter(pk=made[1].pk).update(checked_in_at=timezone.now())
    assert total(ta) == Sum(2, 60, 1, 30)


def test_not_before_it_is_over_and_settled(clock, session, student, ta):
    made = book(student, slots_of(session)[0])
    clock.move_to(made.starts_at + timedelta(minutes=5))
    bookings.complete(made, ta)
    assert total(ta) == Sum()
    clock.move_to(made.ends_at)
    assert total(ta) == Sum(1, 30)


def test_a_cancelled_one_never_and_a_moved_one_where_it_went(clock, session, student, stranger, ta):
    slots = slots_of(session)
    gone = book(student, slots[0])
    bookings.cancel(gone, ta, "ill")
    moved = book(stranger, slots[1])
    bookings.move(moved, stranger, slots[3].pk)
    clock.move_to(session.ends_at + timedelta(days=2))
    assert [seat.slot for seat in seats_of(ta)] == [slots[3].pk]


def test_a_student_s_no_show_counts(clock, session, student, ta):
    made = book(student, slots_of(session)[0])
    clock.move_to(made.ends_at)
    bookings.mark_no_show(made, ta)
    assert total(ta) == Sum(1, 30)


def test_an_absent_ta_never_even_where_they_say_otherwise(clock, session, student, ta, staff):
    made = book(student, slots_of(session)[0])
    clock.move_to(made.ends_at)
    bookings.report_ta_absent(made, student)
    clock.shift(timedelta(days=3))
    assert total(ta) == Sum()
    bookings.mark_no_show(made, ta)
    assert total(ta) == Sum()
    bookings.complete(made, ta)
    assert total(ta) == Sum()
    bookings.mark_no_show(made, ta)
    bookings.settle_by_staff(made, staff, "completed")  # they looked into it: it took place
    assert total(ta) == Sum(1, 30)


def test_one_report_is_enough_unless_somebody_there_checked_in(
    clock, session, student, stranger, ta
):
    slot = slots_of(session)[0]
    made, other = book(student, slot), book(stranger, slot)
    clock.move_to(made.ends_at)
    bookings.report_ta_absent(made, student)
    bookings.complete(other, ta)
    clock.shift(timedelta(days=3))
    assert total(ta) == Sum()
    Booking.objects.filter(pk=other.pk).update(checked_in_at=timezone.now())
    assert total(ta) == Sum(1, 30, 1, 30)


def test_what_others_gave_is_theirs(given, ta, stranger):
    assert total(ta) == Sum(1, 30)
    assert total(stranger) == total(given.student) == Sum()


# What may become of a booking, as its people and the time make it.
FATES = [
    "booked", "completed", "no_show", "cancelled", "moved", "checked_in", "absent", "said_otherwise",
    "taken_back", "found_given", "found_missed", "found_absent",
]  # fmt: skip
REPORTED = {"absent", "said_otherwise", "taken_back", "found_given", "found_missed", "found_absent"}
NOT_GIVEN = {"absent", "said_otherwise", "found_absent"}  # reports that stand


@hypothesis.settings(
    max_examples=12, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
@hypothesis.given(
    fates=st.lists(st.lists(st.sampled_from(FATES), min_size=0, max_size=2), min_size=7, max_size=7)
)
def test_any_mixture_is_what_a_plain_count_says(
    fates, clock, ta, topic, student, stranger, staff, settings
):
    """Seven slots over a month's end, of two seats each, whose bookings go all ways."""
    settings.RATE_LIMITS = False
    source.keep(Changes({"MAX_ACTIVE_BOOKINGS": 100}))
    clock.move_to(when.at(date(2026, 11, 27), time(9)))
    with transaction.atomic():
        first = open_time(ta, topic, day=date(2026, 11, 30), start="22:00", end="00:00", capacity=2)
        second = open_time(ta, topic, day=date(2026, 12, 1), start="00:00", end="03:00", capacity=2)
        slots = [*slots_of(first), *slots_of(second)]
        expected = _live_through(slots, fates, clock, ta, (student, stranger), staff)
        clock.move_to(second.ends_at + timedelta(days=2))
        found: dict[int, bool] = {}
        for seat in seats_of(ta):
            found[seat.slot] = found.get(seat.slot, False) or seat.verified
        assert found == expected
        counted = sum_up(seats_of(ta)).total
        assert counted.times == len(expected)
        assert counted.minutes == 30 * len(expected)
        assert counted.verified_times == sum(expected.values())
        in_november = sum_up(within(seats_of(ta), date(2026, 11, 1), date(2026, 11, 30))).total
        assert in_november.times == len(expected.keys() & {slot.pk for slot in slots[:4]})
        transaction.set_rollback(True)
    clock.move_to(when.at(date(2026, 11, 27), time(9)))


def _live_through(slots, fates, clock, ta, people, staff):
    """Makes it so; the slots that count, and whether each is verified. The last slots take who moves."""
    made, seats = [], {}
    for slot, some in zip(slots, fates, strict=False):
        for person, fate in zip(people, some, strict=False):
            booking = book(person, slot)
            if fate == "cancelled":
                bookings.cancel(booking, ta, "ill")
                continue
            if fate == "moved":
                free = [each for each in slots[7:] if (person.pk, each.pk) not in seats]
                booking = bookings.move(booking, person, free[0].pk) if free else booking
                seats[person.pk, booking.slot_id] = booking
            made.append((booking, fate))
    for booking, fate in made:
        clock.move_to(booking.ends_at)
        if fate == "completed":
            bookings.complete(booking, ta)
        elif fate == "no_show":
            bookings.mark_no_show(booking, ta)
        elif fate in REPORTED:
            bookings.report_ta_absent(booking, booking.student)
            _settle(booking, fate, ta, staff)
        elif fate == "checked_in":
            Booking.objects.filter(pk=booking.pk).update(checked_in_at=booking.starts_at)
    by_slot = {}
    for booking, fate in made:
        by_slot.setdefault(booking.slot_id, set()).add(fate)
    return {
        slot: "checked_in" in some
        for slot, some in by_slot.items()
        if "checked_in" in some or not some & NOT_GIVEN
    }


def _settle(booking, fate, ta, staff):
    """What becomes of a report that the TA did not come."""
    if fate == "said_otherwise":
        bookings.complete(booking, ta)
    elif fate == "taken_back":
        bookings.take_report_back(booking, booking.student)
    elif fate == "found_given":
        bookings.settle_by_staff(booking, staff, "completed")
    elif fate == "found_missed":
        bookings.settle_by_staff(booking, staff, "no_show")
    elif fate == "found_absent":
        bookings.confirm_absence(booking, staff, "An empty room")
