"""A seat that is held for somebody, and how it is passed on."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from scheduling import sweeps
from scheduling.errors import SchedulingError
from scheduling.models import (
    Booking,
    FreedSeat,
    Offer,
    PlaceInLine,
)
from scheduling.queries.free import counts, free_from, is_free
from scheduling.services import bookings, offers
from scheduling.tests.factories import book, open_time, slots_of, text
from scheduling.tests.offers.steps import MINUTE, cancel, freed_now, offered
from setahub.core import clock as when

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


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


def test_its_person_finds_it_to_be_booked_wherever_it_is_opened(
    taken, people, stranger, asks, topic, ta, run_tasks, sign_in
):
    first, second = slots_of(open_time(ta, topic, start="16:00", end="17:00"))
    booked, moved = book(people[0], first), book(people[1], second)
    bookings.cancel(booked, ta, "I am ill")
    asked = asks(people[0])
    slot = freed_now(taken, run_tasks)
    pages = [
        f"/bookings/new/?slot={slot.pk}&topic={topic.slug}",
        f"/bookings/new/?slot={slot.pk}",
        f"/bookings/{booked.pk}/rebook/?slot={slot.pk}",
    ]
    for page in pages:
        response = sign_in(people[0]).get(page)
        assert (response.status_code, 'name="question"' in text(response)) == (200, True), page
    assert asked.question in text(sign_in(people[0]).get(pages[0]))
    assert [sign_in(stranger).get(page).status_code for page in pages] == [409, 409, 404]
    assert (
        sign_in(people[1]).get(f"/bookings/{moved.pk}/reschedule/?slot={slot.pk}").status_code
        == 409
    )


def test_nor_is_moving_to_it_refused(taken, people, asks, ta, topic, run_tasks, sign_in, clock):
    booked = book(people[0], slots_of(open_time(ta, topic, start="16:00", end="16:30"))[0])
    asked = asks(people[0])
    slot = freed_now(taken, run_tasks)
    page = sign_in(people[0]).get(f"/bookings/{booked.pk}/reschedule/?slot={slot.pk}")
    assert (page.status_code, page.context["slot"]) == (200, slot)
    assert asked.status == "open"


def test_a_session_of_several_topics_is_opened_for_the_one_that_is_held(
    ta, topic, second_topic, student, people, asks, run_tasks, sign_in
):
    slot = slots_of(open_time(ta, second_topic, topic, end="13:30"))[0]
    made = book(student, slot, topic)
    asks(people[0])
    freed_now(made, run_tasks)
    client = sign_in(people[0])
    page = client.get(f"/bookings/new/?slot={slot.pk}")
    assert (page.status_code, page.context["topic"]) == (200, topic)
    assert client.get(f"/bookings/new/?slot={slot.pk}&topic={second_topic.slug}").status_code == 409


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
