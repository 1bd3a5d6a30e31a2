"""What remains of a session, by several at once, with real threads on real connections."""

import itertools
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from chat.models import Message
from scheduling.models import Booking, BookingEvent, Dispute, Record, Takeaway, TimeSlot
from scheduling.queries.reliability import marks_of
from scheduling.services import bookings, care, check_ins, records, reliability, takeaways
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.test_races import at_once, refusals
from setahub.core import clock as when

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MANY = 6
HALF = timedelta(minutes=30)


@pytest.fixture
def slots(ta, topic):
    """Tomorrow from 9 to 11, four slots of one seat."""
    return slots_of(open_time(ta, topic, start="09:00", end="11:00"))


def passed(booking: Booking, **ago) -> Booking:
    """The booking, as if it had begun so long ago: no clock stands still in threads."""
    start = timezone.now() - timedelta(**ago)
    Booking.objects.filter(pk=booking.pk).update(starts_at=start, ends_at=start + HALF)
    TimeSlot.objects.filter(pk=booking.slot_id).update(starts_at=start, ends_at=start + HALF)
    return Booking.objects.with_people().get(pk=booking.pk)


@pytest.fixture
def over(slots, student):
    """A booking that ended an hour ago."""
    return passed(book(student, slots[0]), minutes=90)


@pytest.fixture
def missed(over, ta):
    return bookings.mark_no_show(over, ta)


class TestTakeaways:
    def test_of_many_at_once_one_row_one_card_and_the_last_words(self, over, ta):
        words = [f"Trees, {number}" for number in range(MANY)]
        results = at_once([partial(takeaways.leave, over, ta, each) for each in words])
        assert refusals(results) == {}
        assert Takeaway.objects.get().done in words
        assert Message.objects.filter(kind="takeaway").count() == 1

    def test_a_block_or_a_no_show_beside_it_leaves_one_of_the_two(self, over, ta):
        left, _missed = at_once(
            [
                partial(takeaways.leave, over, ta, "Trees"),
                partial(bookings.mark_no_show, over, ta),
            ]
        )
        over.refresh_from_db()
        assert over.status == "no_show"
        assert Takeaway.objects.count() == (not isinstance(left, Exception))


class TestRecords:
    def test_of_the_same_days_many_at_once_are_one(self, over, ta):
        day = when.today()
        issue = partial(records.issue, ta, day - timedelta(days=7), day)
        results = at_once([issue] * MANY)
        assert refusals(results) == {}
        assert {record.pk for record in results} == {Record.objects.get().pk}

    def test_taken_back_while_it_is_issued_again_the_last_one_says_the_same(self, over, ta):
        day = when.today()
        issue = partial(records.issue, ta, day - timedelta(days=7), day)
        first = issue()
        results = at_once([issue, partial(records.take_back, first, ta), issue])
        assert refusals(results) == {}
        first.refresh_from_db()
        assert first.end == "taken_back"
        standing = Record.objects.standing()
        # Whoever came before it was taken back has that one, whoever came after it a new one.
        assert standing.count() in (0, 1)
        new = {record.pk for record in (results[0], results[2])} - {first.pk}
        assert {record.pk for record in standing} == new

    def test_by_its_ta_and_by_staff_at_once_it_ends_once(self, over, ta):
        day = when.today()
        made = records.issue(ta, day - timedelta(days=7), day)
        results = at_once([partial(records.take_back, made, ta), partial(records.revoke, made)])
        assert refusals(results) == {}
        assert len({(each.end, each.ended_at) for each in results}) == 1


class TestCaps:
    def test_of_a_week_hold_for_bookings_of_different_slots(self, slots, ta, topic, make_user):
        care.set_limits(ta, weekly_slots=2)
        people = [make_user(f"Student {number}") for number in range(4)]
        pairs = zip(people, slots, strict=True)
        results = at_once([partial(book, person, slot, topic) for person, slot in pairs])
        assert refusals(results) == {"week_full": 2}
        assert Booking.objects.active().count() == 2

    def test_of_a_row_hold_too(self, slots, ta, topic, make_user):
        care.set_limits(ta, slots_in_a_row=1)
        people = [make_user(f"Student {number}") for number in range(4)]
        pairs = zip(people, slots, strict=True)
        refused = refusals(at_once([partial(book, *pair, topic) for pair in pairs]))
        starts = sorted(Booking.objects.active().values_list("starts_at", flat=True))
        assert 1 <= len(starts) <= 2
        assert all(later - earlier > HALF for earlier, later in itertools.pairwise(starts))
        assert refused == {"break": 4 - len(starts)}

    def test_hold_for_a_move_beside_a_booking(self, slots, ta, topic, student, make_user):
        """One week has room for one more slot: who moves within it needs none."""
        made = book(student, slots[0], topic)
        care.set_limits(ta, weekly_slots=2)
        other = make_user("Other")
        results = at_once(
            [
                partial(bookings.move, made, student, slots[1].pk),
                partial(book, other, slots[2], topic),
            ]
        )
        assert refusals(results) == {}
        assert Booking.objects.active().values("slot").distinct().count() == 2

    def test_set_while_it_is_booked_count_what_was_first(self, slots, ta, topic, make_user):
        people = [make_user(f"Student {number}") for number in range(3)]
        calls = [
            partial(book, person, slot, topic) for person, slot in zip(people, slots, strict=False)
        ]
        results = at_once([*calls, partial(care.set_limits, ta, weekly_slots=1)])
        refused = refusals(results)
        assert set(refused) <= {"week_full"}
        assert Booking.objects.active().count() == 3 - sum(refused.values())
        # What is free now keeps the limit.
        assert not TimeSlot.objects.free().of_ta(ta.pk).exclude(taken__gt=0).exists()


class TestDisputes:
    def test_said_by_many_tabs_are_one(self, missed, student):
        say = partial(reliability.dispute, missed, student, "I was there.")
        assert refusals(at_once([say] * MANY)) == {}
        assert Dispute.objects.count() == 1

    def test_are_decided_once(self, missed, student, staff):
        found = reliability.dispute(missed, student, "I was there.")
        results = at_once(
            [
                partial(reliability.decide, found, staff, decision)
                for decision in Dispute.Decision.values
            ]
        )
        assert refusals(results) == {"decided": 1}
        found.refresh_from_db()
        [said] = [each.decision for each in results if not isinstance(each, Exception)]
        assert found.decision == said
        assert len(marks_of(student.pk)) == (said == "upheld")

    def test_beside_staff_who_undo_the_no_show_nothing_is_left_to_decide(
        self, missed, student, staff
    ):
        results = at_once(
            [
                partial(reliability.dispute, missed, student, "I was there."),
                partial(bookings.settle_by_staff, missed, staff, "completed"),
            ]
        )
        assert set(refusals(results)) <= {"no_no_show"}
        missed.refresh_from_db()
        assert missed.status == "completed"
        assert not Dispute.objects.waiting().exists()
        assert not Dispute.objects.filter(decision="").exists()


class TestReports:
    def test_taken_back_beside_staff_who_agree_end_one_way(self, over, student, staff):
        reported = bookings.report_ta_absent(over, student)
        results = at_once(
            [
                partial(bookings.take_report_back, reported, student),
                partial(bookings.confirm_absence, reported, staff, "An empty room."),
            ]
        )
        refused = refusals(results)
        over.refresh_from_db()
        if over.status == "cancelled":
            assert refused == {"cancelled": 1}
            assert over.ta_was_absent
        else:
            assert refused == {"no_report": 1}
            assert (over.status, over.ta_absent_at) == ("completed", None)

    def test_beside_the_ta_s_word_both_stand(self, over, student, ta):
        results = at_once(
            [
                partial(bookings.report_ta_absent, over, student),
                partial(bookings.complete, over, ta),
            ]
        )
        assert refusals(results) == {}
        over.refresh_from_db()
        assert (over.status, over.ta_absent_at is not None) == ("completed", True)


def test_a_check_in_beside_a_no_show_is_a_check_in(slots, student, ta):
    made = passed(book(student, slots[0]), minutes=15)
    code = check_ins.code_of(made.slot.appointment_id, timezone.now())
    results = at_once(
        [
            partial(check_ins.check_in, made, student, code),
            partial(bookings.mark_no_show, made, ta),
        ]
    )
    assert set(refusals(results)) <= {"checked_in"}
    made.refresh_from_db()
    assert made.checked_in_at is not None
    # Whichever was first: a no-show is undone by it, or refused after it.
    assert made.status == ("completed" if not refusals(results) else "booked")
    kinds = list(
        BookingEvent.objects.filter(booking=made).order_by("pk").values_list("kind", flat=True)
    )
    assert kinds in (
        ["made", "checked_in"],
        ["made", "no_show", "checked_in", "completed"],
    )
