"""Taking a seat: what is refused, each with its own words, and where exactly the lines run."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Block
from scheduling.errors import SchedulingError
from scheduling.models import Booking, BookingEvent
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration, Topic

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slot(ta, topic):
    """Tomorrow, 13:00 to 13:30, one seat."""
    return slots_of(open_time(ta, topic))[0]


@pytest.fixture
def other_ta(make_user, topic):
    user = make_user("Anan K.", year=3)
    Registration.objects.create(user=user, topic=topic)
    return user


def refusal(student, slot, topic=None) -> SchedulingError:
    """What the student hears; nothing may have been stored by it."""
    before = Booking.objects.count(), BookingEvent.objects.count()
    with pytest.raises(SchedulingError) as caught:
        book(student, slot, topic)
    assert (Booking.objects.count(), BookingEvent.objects.count()) == before
    return caught.value


def words(error: SchedulingError) -> tuple[str, int, str]:
    return error.code, error.status, error.message


class TestBooking:
    def test_a_seat_is_taken_with_a_question(self, student, ta, topic, slot):
        made = book(student, slot, question="Why?\nReally why?")
        made.refresh_from_db()
        assert (made.student, made.ta, made.topic, made.slot) == (student, ta, topic, slot)
        assert made.status == "booked"
        assert made.question == "Why?\nReally why?"
        assert (made.starts_at, made.ends_at) == (slot.starts_at, slot.ends_at)
        slot.refresh_from_db()
        assert (slot.taken, slot.seats_left) == (1, 0)

    def test_its_history_begins(self, student, slot):
        made = book(student, slot)
        event = made.events.get()
        assert (event.kind, event.actor, event.created_at) == ("made", student, timezone.now())

    def test_several_students_share_a_slot_with_several_seats(self, student, stranger, ta, topic):
        slot = slots_of(open_time(ta, topic, capacity=2))[0]
        book(student, slot)
        book(stranger, slot)
        slot.refresh_from_db()
        assert slot.taken == 2

    def test_the_slot_right_after_is_no_clash(self, student, slot):
        book(student, slot)
        after = slots_of(slot.appointment)[1]
        assert book(student, after).starts_at == slot.ends_at


class TestTime:
    def test_a_slot_in_the_past(self, student, slot, clock):
        clock.move_to(slot.starts_at)
        assert words(refusal(student, slot)) == ("past", 409, "This time has passed.")

    def test_within_an_hour_of_its_start(self, student, slot, clock):
        clock.move_to(slot.starts_at - timedelta(minutes=60) + SECOND)
        assert words(refusal(student, slot)) == (
            "notice",
            409,
            "This time starts too soon: bookings close 1 hour before the start.",
        )

    def test_exactly_an_hour_before_is_in_time(self, student, slot, clock):
        clock.move_to(slot.starts_at - timedelta(minutes=60))
        assert book(student, slot).status == "booked"

    def test_the_notice_is_the_faculty_s_to_choose(self, student, slot, clock, settings):
        settings.BOOKING_MIN_NOTICE = 90
        clock.move_to(slot.starts_at - timedelta(minutes=89))
        assert "90 minutes before" in refusal(student, slot).message

    def test_beyond_the_horizon(self, student, ta, topic, clock):
        slot = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=30)))[0]
        clock.move_to(slot.starts_at - timedelta(days=30) - SECOND)
        assert words(refusal(student, slot)) == (
            "horizon",
            409,
            "This time is too far ahead: bookings open 30 days before the start.",
        )

    def test_exactly_at_the_horizon_is_open(self, student, ta, topic, clock):
        slot = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=30)))[0]
        clock.move_to(slot.starts_at - timedelta(days=30))
        assert book(student, slot).status == "booked"


class TestSeats:
    def test_one_s_own_slot(self, ta, slot):
        assert words(refusal(ta, slot)) == (
            "own",
            409,
            "This is your own session; you can't book yourself.",
        )

    def test_a_full_slot(self, student, stranger, slot):
        book(stranger, slot)
        assert words(refusal(student, slot)) == ("full", 409, "Sorry, this time was just taken.")

    def test_the_last_of_two_seats_is_the_last(self, student, stranger, creator, ta, topic):
        slot = slots_of(open_time(ta, topic, capacity=2))[0]
        book(stranger, slot)
        book(creator, slot)
        assert refusal(student, slot).code == "full"

    def test_a_second_seat_in_the_same_slot(self, student, ta, topic):
        slot = slots_of(open_time(ta, topic, capacity=2))[0]
        book(student, slot, question="Another question")
        assert words(refusal(student, slot)) == (
            "second_seat",
            409,
            "You have a seat at this time already.",
        )

    def test_a_cancelled_seat_is_free_again_also_for_the_same_student(self, student, slot):
        bookings.cancel(book(student, slot), student, "")
        assert book(student, slot).status == "booked"

    def test_a_sixth_upcoming_one(self, student, ta, topic):
        slots = slots_of(open_time(ta, topic, end="17:00"))
        for each in slots[:5]:
            book(student, each)
        assert words(refusal(student, slots[5])) == (
            "too_many",
            409,
            "You have 5 upcoming bookings, the most you can have at once.",
        )

    def test_what_is_over_or_cancelled_does_not_count_to_the_five(self, student, ta, topic, clock):
        slots = slots_of(open_time(ta, topic, end="17:00"))
        made = [book(student, each) for each in slots[:5]]
        bookings.cancel(made[4], student, "")
        book(student, slots[5])
        clock.move_to(made[0].ends_at)
        later = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=1)))
        assert book(student, later[0]).status == "booked"
        assert refusal(student, later[1]).code == "too_many"


class TestClashes:
    def test_the_student_learns_elsewhere(self, student, slot, other_ta, topic):
        book(student, slots_of(open_time(other_ta, topic, start="13:15", end="13:45"))[0])
        assert words(refusal(student, slot)) == (
            "clash",
            409,
            "You have another booking at that time.",
        )

    def test_the_student_teaches_elsewhere(self, stranger, slot, other_ta, topic):
        book(stranger, slots_of(open_time(other_ta, topic))[0])
        assert refusal(other_ta, slot).code == "clash"

    def test_the_ta_learns_elsewhere(self, student, ta, slot, other_ta, topic):
        book(ta, slots_of(open_time(other_ta, topic))[0])
        assert words(refusal(student, slot)) == (
            "ta_busy",
            409,
            "The TA has another booking at that time.",
        )

    def test_back_to_back_is_no_clash(self, student, slot, other_ta, topic):
        book(student, slots_of(open_time(other_ta, topic, start="13:30"))[0])
        assert book(student, slot).status == "booked"

    def test_open_time_alone_keeps_nobody_from_booking(self, other_ta, slot, topic):
        open_time(other_ta, topic)
        assert book(other_ta, slot).status == "booked"

    def test_a_cancelled_booking_is_no_clash(self, student, slot, other_ta, topic):
        elsewhere = book(student, slots_of(open_time(other_ta, topic))[0])
        bookings.cancel(elsewhere, student, "")
        assert book(student, slot).status == "booked"


class TestPeople:
    @pytest.mark.parametrize("student_blocks", [True, False])
    def test_a_block_between_the_two_in_either_direction(self, student, ta, slot, student_blocks):
        blocker, blocked = (student, ta) if student_blocks else (ta, student)
        Block.objects.create(blocker=blocker, blocked=blocked)
        assert words(refusal(student, slot)) == (
            "blocked",
            403,
            "You can't book time with this TA.",
        )

    def test_a_block_with_somebody_else_does_not_matter(self, student, stranger, slot):
        Block.objects.create(blocker=student, blocked=stranger)
        assert book(student, slot).status == "booked"

    def test_a_suspended_ta(self, student, ta, slot):
        ta.is_active = False
        ta.save()
        assert words(refusal(student, slot)) == (
            "gone",
            409,
            "This time is no longer offered.",
        )


class TestOffer:
    def test_a_topic_that_the_session_is_not_for(self, student, ta, slot):
        other = Topic.objects.create(name="Databases", slug="databases")
        Registration.objects.create(user=ta, topic=other)
        error = refusal(student, slot, other)
        assert words(error) == ("topic", 422, "This session isn't for that topic.")
        assert error.field == "topic"

    def test_a_topic_that_is_archived_while_one_books(self, student, topic, slot):
        Topic.objects.update(archived_at=timezone.now())
        assert not topic.is_archived  # as it was read before
        assert words(refusal(student, slot, topic)) == (
            "topic",
            422,
            "This topic was archived, so it can't be booked any more.",
        )

    @pytest.mark.parametrize("status", [Registration.Status.PENDING, None])
    def test_a_registration_that_is_pending_again_or_gone(self, student, topic, slot, status):
        if status:
            Registration.objects.update(status=status)
        else:
            Registration.objects.all().delete()
        assert refusal(student, slot, topic).code == "topic"

    def test_one_of_several_topics(self, student, ta, topic):
        other = Topic.objects.create(name="Databases", slug="databases")
        Registration.objects.create(user=ta, topic=other)
        slot = slots_of(open_time(ta, topic, other))[0]
        assert book(student, slot, other).topic == other

    def test_a_cancelled_session(self, student, ta, slot):
        appointments.cancel(slot.appointment, ta, "I am ill")
        assert refusal(student, slot).code == "gone"

    def test_a_slot_that_was_withdrawn(self, student, slot):
        slot.withdrawn = True
        slot.save()
        assert refusal(student, slot).code == "gone"

    def test_a_slot_that_is_not_there_any_more(self, student, topic, slot):
        pk = slot.pk
        slot.delete()
        with pytest.raises(SchedulingError) as caught:
            bookings.book(student, pk, topic, "Why?")
        assert caught.value.code == "gone"
