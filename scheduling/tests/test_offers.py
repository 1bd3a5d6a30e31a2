"""Seats that come free: who is offered them, in which order, and how an offer ends."""

from datetime import time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block
from accounts.services.suspensions import suspend
from scheduling import sweeps
from scheduling.errors import SchedulingError
from scheduling.models import (
    Appointment,
    Booking,
    FreedSeat,
    HelpRequest,
    Offer,
    PlaceInLine,
    TimeSlot,
)
from scheduling.queries.free import counts, free_from, is_free
from scheduling.services import appointments, bookings, offers, requests
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_time, slots_of, tomorrow
from setahub.core import clock as when
from topics.models import Registration, Topic
from topics.services import archive_topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def asks(topic, clock):
    """Has somebody ask for time on the topic, a minute after the one before."""

    def ask(person, about=topic, **wish):
        clock.shift(MINUTE)
        days = {"from_day": when.today(), "to_day": when.today() + timedelta(days=13)}
        return requests.ask(person, about, f"Why, asks {person}?", **{**days, **wish})

    return ask


@pytest.fixture
def people(make_user):
    return [make_user(f"Student {number}") for number in range(6)]


@pytest.fixture
def taken(ta, topic, student):
    """Tomorrow from 13:00 one slot of one seat, which the student has booked."""
    return book(student, slots_of(open_time(ta, topic, end="13:30"))[0])


def offered(slot):
    """Whom its seats were offered, in that order, and what became of it."""
    rows = Offer.objects.filter(slot=slot).order_by("pk").select_related("student")
    return [(each.student.username, each.status) for each in rows]


def cancel(booking):
    bookings.cancel(booking, booking.student, "I am ill")


def freed_now(booking, run_tasks):
    cancel(booking)
    run_tasks()
    return booking.slot


# --- Who is offered a seat ----------------------------------------------------------------------


def test_a_seat_that_is_given_back_is_held_for_who_waited_longest(taken, people, asks, run_tasks):
    first, second = asks(people[0]), asks(people[1])
    slot = freed_now(taken, run_tasks)
    assert offered(slot) == [("Student 0", "open")]
    offer = Offer.objects.get()
    assert (offer.request, offer.turn) == (first, 1)
    # Closes tomorrow at noon: more than 8 hours of day are left.
    assert offer.expires_at == timezone.now() + 120 * MINUTE
    assert second.status == "open"


def test_who_had_less_help_lately_comes_first(taken, ta, topic, people, asks, run_tasks):
    session = open_time(ta, topic, day=tomorrow() + timedelta(days=1))
    done = book(people[0], slots_of(session)[0])
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    assert offered(slot) == [("Student 1", "open")]
    # One that began 30 days ago counts no more.
    Offer.objects.all().delete()
    Booking.objects.filter(pk=done.pk).update(starts_at=timezone.now() - timedelta(days=30))
    FreedSeat.objects.create(slot=slot)
    offers.match(slot.pk)
    assert offered(slot) == [("Student 0", "open")]


def test_a_cancelled_booking_was_no_help(taken, ta, topic, people, asks, run_tasks):
    session = open_time(ta, topic, day=tomorrow() + timedelta(days=1))
    cancel(book(people[0], slots_of(session)[0]))
    for person in people[:2]:
        asks(person)
    assert offered(freed_now(taken, run_tasks)) == [("Student 0", "open")]


def skipped_for_a_clash(person, ta, topic, slot, make_user):
    other = make_user("Busy TA")
    Registration.objects.create(user=other, topic=Topic.objects.exclude(pk=topic.pk).get())
    session = open_time(other, Topic.objects.exclude(pk=topic.pk).get(), end="13:30")
    book(person, slots_of(session)[0])


def skipped_for_a_block(person, ta, topic, slot, make_user):
    Block.objects.create(blocker=ta, blocked=person)


def skipped_for_the_limit(person, ta, topic, slot, make_user):
    other = make_user("Free TA")
    elsewhere = Topic.objects.exclude(pk=topic.pk).get()
    Registration.objects.create(user=other, topic=elsewhere)
    session = open_time(other, elsewhere, start="08:00", end="12:00")
    for each in slots_of(session)[:5]:
        book(person, each)


def skipped_for_a_live_offer(person, ta, topic, slot, make_user):
    other = slots_of(open_time(make_user_teaching(make_user, topic), topic, end="13:30"))[0]
    place = PlaceInLine.objects.get(person=person)
    Offer.objects.create(
        slot=other,
        student=person,
        request=place.request,
        place=place,
        turn=1,
        expires_at=timezone.now() + MINUTE,
    )


def make_user_teaching(make_user, topic):
    user = make_user("Second TA")
    Registration.objects.create(user=user, topic=topic)
    return user


def skipped_for_the_same_slot_before(person, ta, topic, slot, make_user):
    place = PlaceInLine.objects.get(person=person)
    Offer.objects.create(
        slot=slot,
        student=person,
        request=place.request,
        place=place,
        turn=1,
        status="declined",
        expires_at=timezone.now(),
    )


def skipped_for_suspension(person, ta, topic, slot, make_user):
    type(person).objects.filter(pk=person.pk).update(is_active=False)


def skipped_for_other_days(person, ta, topic, slot, make_user):
    HelpRequest.objects.filter(student=person).update(to_day=when.today())


def skipped_for_another_part_of_the_day(person, ta, topic, slot, make_user):
    HelpRequest.objects.filter(student=person).update(parts="morning evening")


def skipped_for_another_ta(person, ta, topic, slot, make_user):
    HelpRequest.objects.filter(student=person).update(ta=make_user("Wanted TA"))


def skipped_for_having_left(person, ta, topic, slot, make_user):
    requests.leave(HelpRequest.objects.get(student=person), person)


SKIPPED = [
    skipped_for_a_clash,
    skipped_for_a_block,
    skipped_for_the_limit,
    skipped_for_a_live_offer,
    skipped_for_the_same_slot_before,
    skipped_for_suspension,
    skipped_for_other_days,
    skipped_for_another_part_of_the_day,
    skipped_for_another_ta,
    skipped_for_having_left,
]


@pytest.mark.parametrize("why", SKIPPED, ids=[each.__name__ for each in SKIPPED])
def test_who_cannot_take_it_is_skipped_for_the_next(
    why, taken, ta, topic, creator, people, asks, run_tasks, make_user
):
    Topic.objects.create(name="Compilers", slug="compilers", creator=creator)
    asks(people[0])
    asks(people[1])
    why(people[0], ta, topic, taken.slot, make_user)
    slot = freed_now(taken, run_tasks)
    assert offered(slot)[-1] == ("Student 1", "open")
    assert Offer.objects.open().filter(slot=slot).count() == 1


@pytest.mark.parametrize(
    "wish", [{}, {"parts": ["afternoon"]}, {"parts": ["morning", "afternoon", "evening"]}]
)
def test_a_wish_that_the_time_fits_is_answered(taken, people, asks, run_tasks, ta, wish):
    asks(people[0], ta=ta, **wish)
    assert offered(freed_now(taken, run_tasks)) == [("Student 0", "open")]


def test_two_places_of_one_person_are_one_in_line(taken, ta, people, asks, run_tasks):
    asks(people[0])
    asks(people[0], ta=ta)
    asks(people[1])
    slot = freed_now(taken, run_tasks)
    offers.decline(Offer.objects.get(), people[0])
    run_tasks()
    assert offered(slot) == [("Student 0", "declined"), ("Student 1", "open")]


# --- A held seat --------------------------------------------------------------------------------


def test_a_held_seat_is_free_for_nobody_else(taken, people, stranger, asks, topic, run_tasks):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    assert not is_free(slot.pk, topic.pk)
    assert free_from(when.today(), topic=topic.pk) == []
    assert counts()[topic.pk].free is None
    with pytest.raises(SchedulingError) as refused:
        book(stranger, slot)
    assert refused.value.code == "held"
    # The database refuses it too, whoever writes.
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(
            slot=slot, student=stranger, ta_id=slot.appointment.ta_id, topic=topic, question="?"
        )


def test_its_person_takes_it_by_booking_it(taken, people, asks, run_tasks):
    asked = asks(people[0])
    slot = freed_now(taken, run_tasks)
    made = book(people[0], slot)
    slot.refresh_from_db()
    assert (slot.taken, slot.held, slot.freed) == (1, 0, 0)
    assert offered(slot) == [("Student 0", "taken")]
    asked.refresh_from_db()
    place = PlaceInLine.objects.get()
    assert (asked.status, place.end, made.status) == ("answered", "booked", "booked")


def test_a_freed_seat_is_kept_until_it_was_matched_two_minutes_at_most(
    taken, people, stranger, asks, topic, clock
):
    asks(people[0])
    cancel(taken)  # and no worker is there
    assert not is_free(taken.slot_id, topic.pk)
    clock.shift(2 * MINUTE - timedelta(seconds=1))
    assert not is_free(taken.slot_id, topic.pk)
    clock.shift(timedelta(seconds=1))
    assert is_free(taken.slot_id, topic.pk)
    book(stranger, taken.slot)
    sweeps.offer()
    assert (offered(taken.slot), FreedSeat.objects.count()) == ([], 0)


def test_where_nobody_waits_a_freed_seat_is_free_at_once(taken, stranger):
    cancel(taken)
    book(stranger, taken.slot)


def test_a_lost_task_changes_nothing_but_a_minute(taken, people, asks):
    asks(people[0])
    cancel(taken)
    sweeps.offer()
    sweeps.offer()
    assert offered(taken.slot) == [("Student 0", "open")]


def test_other_free_seats_of_the_slot_stay_free(
    ta, topic, student, stranger, people, asks, run_tasks
):
    slot = slots_of(open_time(ta, topic, end="13:30", capacity=3))[0]
    mine = book(student, slot)
    asks(people[0])
    cancel(mine)
    book(stranger, slot)  # before it was matched
    run_tasks()
    slot.refresh_from_db()
    assert (slot.taken, slot.held, slot.seats_left) == (1, 1, 1)


# --- Passing on ---------------------------------------------------------------------------------


def test_a_declined_seat_goes_on_and_the_place_stays(taken, people, asks, run_tasks):
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    offers.decline(Offer.objects.get(), people[0])
    run_tasks()
    assert offered(slot) == [("Student 0", "declined"), ("Student 1", "open")]
    assert PlaceInLine.objects.waiting().count() == 2
    assert Offer.objects.get(status="open").turn == 2


def test_after_three_it_is_free_for_everybody(taken, people, stranger, asks, run_tasks):
    for person in people[:4]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    for person in people[:3]:
        offers.decline(Offer.objects.get(student=person), person)
        run_tasks()
    assert [name for name, _status in offered(slot)] == ["Student 0", "Student 1", "Student 2"]
    book(stranger, slot)


def test_an_offer_that_ran_out_is_passed_on_by_the_sweep(taken, people, asks, run_tasks, clock):
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    clock.move_to(Offer.objects.get().expires_at - timedelta(seconds=1))
    sweeps.offer()
    assert offered(slot) == [("Student 0", "open")]
    clock.shift(timedelta(seconds=1))
    sweeps.offer()
    assert offered(slot) == [("Student 0", "expired"), ("Student 1", "open")]


def test_who_books_first_after_it_ran_out_comes_after_the_next_in_line(
    taken, people, stranger, asks, run_tasks, clock
):
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    clock.move_to(Offer.objects.get().expires_at)
    with pytest.raises(SchedulingError) as refused:
        book(stranger, slot)
    assert refused.value.code == "held"
    assert offered(slot) == [("Student 0", "expired"), ("Student 1", "open")]


def test_who_comes_too_late_for_the_own_offer_is_told(taken, people, asks, run_tasks, clock):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    clock.move_to(Offer.objects.get().expires_at)
    # Nobody else waits, so the seat is free for everybody, who waited included.
    book(people[0], slot)
    assert offered(slot) == [("Student 0", "expired")]


def test_three_that_ran_out_in_a_row_end_the_place(
    ta, topic, student, people, asks, run_tasks, clock, post
):
    asked = asks(people[0])
    for number in range(3):
        day = when.today() + timedelta(days=2)
        session = open_time(ta, topic, day=day, start=f"{13 + number}:00", end=f"{13 + number}:30")
        run_tasks()
        clock.move_to(Offer.objects.get(slot__appointment=session).expires_at)
        sweeps.offer()
    place = PlaceInLine.objects.get()
    asked.refresh_from_db()
    assert (place.end, place.unanswered, asked.status) == ("unanswered", 3, "expired")
    last = [mail for mail in post() if mail.to == ["student.0@example.com"]][-1]
    assert "Three offers ran out without an answer" in last.body


def test_an_answer_between_begins_the_count_anew(ta, topic, people, asks, run_tasks, clock):
    asks(people[0])
    for number in range(4):
        day = when.today() + timedelta(days=2)
        session = open_time(ta, topic, day=day, start=f"{13 + number}:00", end=f"{13 + number}:30")
        run_tasks()
        offer = Offer.objects.get(slot__appointment=session)
        if number == 1:
            offers.decline(offer, people[0])
        else:
            clock.move_to(offer.expires_at)
            sweeps.offer()
    assert PlaceInLine.objects.get().unanswered == 2


def test_with_little_time_left_all_who_wait_are_told_and_nothing_is_held(
    taken, people, asks, clock, post
):
    for person in people[:2]:
        asks(person)
    clock.move_to(taken.starts_at - 60 * MINUTE - 29 * MINUTE)
    cancel(taken)
    mails = [mail for mail in post() if mail.subject.startswith("A free time")]
    assert sorted(mail.to[0] for mail in mails) == [
        "student.0@example.com",
        "student.1@example.com",
    ]
    assert (Offer.objects.count(), FreedSeat.objects.count()) == (0, 0)
    taken.slot.refresh_from_db()
    book(people[1], taken.slot)


# --- What else frees seats, and what ends offers -------------------------------------------------


def test_opened_time_is_offered_first_to_who_waits(ta, topic, people, asks, run_tasks):
    for person in people[:3]:
        asks(person)
    session = open_time(ta, topic, end="14:00", capacity=2)
    run_tasks()
    first, second = slots_of(session)
    assert offered(first) == [("Student 0", "open"), ("Student 1", "open")]
    assert offered(second) == [("Student 2", "open")]
    assert (first.freed, second.freed, second.seats_left) == (0, 0, 1)


def test_a_moved_booking_frees_its_old_seat(ta, topic, student, people, asks, run_tasks):
    old, new = slots_of(open_time(ta, topic, end="14:00"))
    mine = book(student, old)
    asks(people[0])
    bookings.move(mine, student, new.pk)
    run_tasks()
    assert offered(old) == [("Student 0", "open")]


def test_more_seats_are_offered(taken, ta, people, asks, run_tasks):
    asks(people[0])
    session = taken.slot.appointment
    plan = Plan.of(session)
    appointments.edit(session, ta, Plan(**{**vars(plan), "capacity": 2}))
    run_tasks()
    assert offered(taken.slot) == [("Student 0", "open")]


def test_fewer_seats_take_held_ones_first_the_last_offered_first(
    ta, topic, student, people, asks, run_tasks, post
):
    for person in people[:2]:
        asks(person)
    session = open_time(ta, topic, end="13:30", capacity=3)
    run_tasks()
    slot = slots_of(session)[0]
    book(student, slot)
    plan = Plan.of(session)
    appointments.edit(session, ta, Plan(**{**vars(plan), "capacity": 2}))
    assert offered(slot) == [("Student 0", "open"), ("Student 1", "withdrawn")]
    assert [mail.to for mail in post() if mail.subject.startswith("No longer offered")] == [
        ["student.1@example.com"]
    ]
    assert PlaceInLine.objects.waiting().count() == 2


def test_a_cancelled_session_ends_its_offers_with_words(taken, ta, people, asks, run_tasks, post):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    appointments.cancel(slot.appointment, ta, "I am ill")
    assert offered(slot) == [("Student 0", "withdrawn")]
    assert any(mail.subject.startswith("No longer offered") for mail in post())
    sweeps.offer()
    slot.refresh_from_db()
    assert (slot.held, slot.freed) == (0, 0)


def test_a_new_time_ends_the_offers_of_the_old(taken, ta, people, asks, run_tasks):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    plan = Plan.of(slot.appointment)
    later = {"start": plan.end, "end": (plan.span.end + 30 * MINUTE).astimezone(when.zone()).time()}
    appointments.edit(slot.appointment, ta, Plan(**{**vars(plan), **later}))
    assert offered(slot) == [("Student 0", "withdrawn")]
    run_tasks()
    assert Offer.objects.get(status="open").slot != slot


def test_booking_another_time_passes_the_offer_on(taken, ta, topic, people, asks, run_tasks):
    other = slots_of(open_time(ta, topic, start="15:00", end="15:30"))[0]
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    book(people[0], other)
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn"), ("Student 1", "open")]


@pytest.mark.parametrize("lost", [True, False], ids=["its task was lost", "by its task"])
def test_who_leaves_passes_the_offer_on(taken, people, asks, run_tasks, lost):
    first = asks(people[0])
    asks(people[1])
    slot = freed_now(taken, run_tasks)
    requests.leave(first, people[0])
    if lost:
        sweeps.offer()
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn"), ("Student 1", "open")]


def test_a_suspended_person_leaves_the_line(taken, people, staff, asks, run_tasks):
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    suspend(people[0], actor=staff, cancel_bookings=True)
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn"), ("Student 1", "open")]


def test_a_suspended_ta_s_offers_end_and_who_named_them_is_told(
    taken, ta, people, staff, asks, run_tasks, post
):
    asks(people[0])
    asks(people[1], ta=ta)
    slot = freed_now(taken, run_tasks)
    suspend(ta, actor=staff, cancel_bookings=False)
    assert offered(slot) == [("Student 0", "withdrawn")]
    assert PlaceInLine.objects.waiting().get().person == people[0]
    gone = [mail.to for mail in post() if "waited for is no longer here" in mail.body]
    assert gone == [["student.1@example.com"]]


# --- Matching itself ----------------------------------------------------------------------------


def test_the_same_event_twice_gives_one_offer(taken, people, asks, run_tasks):
    for person in people[:3]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    offers.match(slot.pk)
    offers.match(slot.pk)
    assert offered(slot) == [("Student 0", "open")]


def test_it_costs_the_same_however_many_wait(taken, people, asks, run_tasks):
    asks(people[0])
    cancel(taken)
    with CaptureQueriesContext(connection) as few:
        offers.match(taken.slot_id)
    book(people[0], taken.slot)
    again = Booking.objects.active().get()
    for person in people[1:]:
        asks(person)
    cancel(again)
    with CaptureQueriesContext(connection) as many:
        offers.match(taken.slot_id)
    assert offered(taken.slot)[-1] == ("Student 1", "open")
    assert len(many) == len(few)


def test_a_slot_that_is_gone_is_no_error(run_tasks):
    offers.match(99999)
    offers.let_go(99999)
    assert TimeSlot.objects.count() == 0


# --- What others tried --------------------------------------------------------------------------


def test_of_much_time_that_is_not_held_each_is_told_once(ta, topic, people, asks, clock, post):
    for person in people[:2]:
        asks(person)
    clock.move_to(when.at(tomorrow(), time(11, 50)))
    session = open_time(ta, topic, day=when.today(), start="13:15", end="16:15")
    late = [mail.to for mail in post() if mail.subject.startswith("A free time")]
    assert sorted(late) == [["student.0@example.com"], ["student.1@example.com"]]
    assert len(slots_of(session)) == 6
    plan = Plan.of(session)
    appointments.edit(session, ta, Plan(**{**vars(plan), "notes": "Bring paper"}))
    assert len([mail for mail in post() if mail.subject.startswith("A free time")]) == 2


def test_an_archived_topic_ends_the_line_and_its_offers(
    taken, topic, creator, people, asks, run_tasks, post
):
    asked = asks(people[0], shared=True)
    slot = freed_now(taken, run_tasks)
    archive_topic(topic, creator)
    run_tasks()
    assert offered(slot) == [("Student 0", "withdrawn")]
    assert PlaceInLine.objects.get().end == "gone"
    assert any("is no longer here" in mail.body for mail in post())
    with pytest.raises(SchedulingError) as refused:
        requests.join(HelpRequest.objects.get(pk=asked.pk), people[1])
    assert refused.value.code == "closed"


def test_nobody_joins_a_request_for_a_ta_whom_a_block_stands_between(ta, people, asks):
    asked = asks(people[0], ta=ta, shared=True)
    Block.objects.create(blocker=ta, blocked=people[1])
    with pytest.raises(SchedulingError) as refused:
        requests.join(asked, people[1])
    assert refused.value.code == "role"


def test_moving_to_the_offered_time_ends_the_place(ta, topic, people, asks, run_tasks):
    old, new = slots_of(open_time(ta, topic, end="14:00"))
    mine = book(people[0], old)
    theirs = book(people[1], new)
    asks(people[0])
    cancel(theirs)
    run_tasks()
    bookings.move(mine, people[0], new.pk)
    assert offered(new) == [("Student 0", "taken")]
    assert PlaceInLine.objects.get().end == "booked"


def test_a_seat_held_for_one_topic_is_held_for_it_alone(
    ta, topic, second_topic, people, asks, run_tasks, student
):
    slot = slots_of(open_time(ta, topic, second_topic, end="13:30"))[0]
    booked = book(student, slot, topic)
    asks(people[0])
    cancel(booked)
    run_tasks()
    with pytest.raises(SchedulingError) as refused:
        book(people[0], slot, second_topic)
    assert refused.value.code == "held"
    assert book(people[0], slot, topic).topic == topic


def test_an_offer_that_was_left_on_a_cancelled_session_ends_with_the_sweep(
    taken, people, asks, run_tasks
):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    Appointment.objects.filter(pk=slot.appointment_id).update(cancelled_at=timezone.now())
    sweeps.offer()
    assert offered(slot) == [("Student 0", "withdrawn")]
