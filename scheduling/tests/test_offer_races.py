"""Held seats under real threads on real connections: never one too many, none lost, and words."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.services.suspensions import suspend
from scheduling import sweeps
from scheduling.models import Booking, FreedSeat, HelpRequest, Offer, PlaceInLine, TimeSlot
from scheduling.services import appointments, bookings, offers, requests
from scheduling.services.plan import Plan
from scheduling.tests.test_races import at_once, open_slot, refusals
from setahub.core import clock as when

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(make_user):
    return [make_user(f"Student {number}") for number in range(20)]


def ask(person, topic):
    return requests.ask(
        person,
        topic,
        f"Why, asks {person}?",
        from_day=when.today(),
        to_day=when.today() + timedelta(days=13),
    )


def offer(slot, person, topic, *, minutes=60):
    request = ask(person, topic)
    return Offer.objects.create(
        slot=slot,
        student=person,
        request=request,
        place=request.places.get(),
        turn=1,
        expires_at=timezone.now() + timedelta(minutes=minutes),
    )


def take(person, slot, topic):
    return bookings.book(person, slot.pk, topic, "Why?")


def check(slot):
    """What must hold whatever happened; the slot's numbers."""
    slot.refresh_from_db()
    booked = Booking.objects.active().filter(slot=slot).count()
    held = Offer.objects.open().filter(slot=slot).count()
    freed = FreedSeat.objects.filter(slot=slot).count()
    assert (slot.taken, slot.held, slot.freed) == (booked, held, freed)
    assert slot.taken + slot.held <= slot.capacity
    live = Counter(Offer.objects.open().values_list("student", flat=True))
    assert all(count == 1 for count in live.values())
    return booked, held


def test_twenty_takers_of_five_held_and_three_free_seats(ta, topic, people):
    slot = open_slot(ta, topic, seats=8)
    for person in people[:5]:
        offer(slot, person, topic)
    results = at_once([partial(take, person, slot, topic) for person in people])
    refused = refusals(results)
    assert sum(refused.values()) == 12
    assert set(refused) <= {"held", "full"}
    assert check(slot) == (8, 0)
    assert {each.student_id for each in Booking.objects.all()} >= {each.pk for each in people[:5]}
    assert Offer.objects.filter(status="taken").count() == 5


@pytest.mark.parametrize("late", [False, True], ids=["a moment before", "a moment after"])
def test_of_a_taking_and_an_expiry_at_the_same_moment_one_wins(ta, topic, people, late):
    slot = open_slot(ta, topic)
    first, second = people[:2]
    held = offer(slot, first, topic)
    ask(second, topic)
    moment = timezone.now() + timedelta(milliseconds=-1 if late else 30)
    Offer.objects.update(expires_at=moment)
    results = at_once([partial(take, first, slot, topic), sweeps.offer, sweeps.offer])
    refused = refusals(results)
    held.refresh_from_db()
    if held.status == "taken":
        assert (refused, check(slot)) == (Counter(), (1, 0))
    else:
        assert held.status == "expired"
        assert set(refused) <= {"held"}
        assert check(slot) in [(0, 1), (1, 0)]


def test_declining_and_taking_at_once(ta, topic, people):
    slot = open_slot(ta, topic)
    held = offer(slot, people[0], topic)
    results = at_once(
        [partial(take, people[0], slot, topic), partial(offers.decline, held, people[0])]
    )
    refused = refusals(results)
    held.refresh_from_db()
    booked, still_held = check(slot)
    assert still_held == 0
    if held.status == "taken":
        assert (refused, booked) == (Counter(taken=1), 1)
    else:  # nobody else waits, so the seat was free for who declined it too
        assert (refused, held.status) == (Counter(), "declined")


def test_two_matchers_and_the_sweep(ta, topic, people):
    slots = [
        open_slot(ta, topic, start, end)
        for start, end in [("13:00", "13:30"), ("13:30", "14:00"), ("14:00", "14:30")]
    ]
    for person in people[:6]:
        ask(person, topic)
    for slot in slots:
        FreedSeat.objects.create(slot=slot)
    calls = [partial(offers.match, slot.pk) for slot in slots for _twice in range(2)]
    results = at_once([*calls, sweeps.offer])
    assert [each for each in results if isinstance(each, Exception)] == []
    sweeps.offer()
    assert [check(slot) for slot in slots] == [(0, 1)] * 3
    assert FreedSeat.objects.count() == 0


def test_a_cancellation_while_others_match_and_book(ta, topic, people):
    slot = open_slot(ta, topic, seats=4)
    booked = [take(person, slot, topic) for person in people[:4]]
    for person in people[4:8]:
        ask(person, topic)
    results = at_once(
        [
            *(partial(bookings.cancel, each, each.student, "ill") for each in booked),
            *(partial(offers.match, slot.pk) for _matcher in range(3)),
            sweeps.offer,
            *(partial(take, person, slot, topic) for person in people[4:12]),
        ]
    )
    assert set(refusals(results)) <= {"held", "full"}
    sweeps.offer()
    taken, held = check(slot)
    strangers = Booking.objects.active().filter(student__in=people[8:12]).count()
    # All four seats went to those who waited, or are held for them: nobody else got one before.
    assert (taken + held, strangers) == (4, 0)
    assert PlaceInLine.objects.waiting().count() == 4 - taken


def test_joining_twice_and_leaving(ta, topic, people):
    request = ask(people[0], topic)
    HelpRequest.objects.update(shared=True)
    at_once([partial(requests.join, request, people[1]) for _tap in range(6)])
    assert PlaceInLine.objects.waiting().filter(person=people[1]).count() == 1
    at_once([partial(requests.leave, request, people[1]) for _tap in range(4)])
    assert PlaceInLine.objects.waiting().filter(person=people[1]).count() == 0


def test_asking_at_once_keeps_the_limit(ta, topic, people, make_user):
    calls = [
        partial(
            requests.ask,
            people[0],
            topic,
            f"Question {number}",
            from_day=when.today(),
            to_day=when.today(),
        )
        for number in range(8)
    ]
    results = at_once(calls)
    assert refusals(results) == Counter(too_many=5)
    assert PlaceInLine.objects.waiting().count() == 3
    assert TimeSlot.objects.count() == 0


def test_a_session_that_is_cancelled_or_edited_while_its_seats_are_matched(ta, topic, people):
    for number, act in enumerate((cancel_session, add_nothing_but_seats, fewer_seats)):
        start = f"{10 + 2 * number}:00"
        slot = open_slot(ta, topic, start, f"{10 + 2 * number}:30", seats=3)
        for person in people[4 * number : 4 * number + 4]:
            ask(person, topic)
        FreedSeat.objects.bulk_create(FreedSeat(slot=slot) for _seat in range(3))
        results = at_once(
            [partial(offers.match, slot.pk), partial(act, slot, ta), partial(offers.match, slot.pk)]
        )
        assert [each for each in results if isinstance(each, Exception)] == []
        offers.match(slot.pk)
        _booked, held = check(slot)
        if act is cancel_session:
            assert held == 0


def cancel_session(slot, ta):
    appointments.cancel(slot.appointment, ta, "ill")


def add_nothing_but_seats(slot, ta):
    was = Plan.of(slot.appointment)
    appointments.edit(slot.appointment, ta, Plan(**{**vars(was), "capacity": 4}))


def fewer_seats(slot, ta):
    was = Plan.of(slot.appointment)
    appointments.edit(slot.appointment, ta, Plan(**{**vars(was), "capacity": 1}))


def test_leaving_while_the_named_ta_is_suspended(ta, topic, people, staff):
    asked = [
        requests.ask(person, topic, "Why?", ta=ta, from_day=when.today(), to_day=when.today())
        for person in people[:6]
    ]
    results = at_once(
        [
            partial(suspend, ta, actor=staff, cancel_bookings=True),
            *(partial(requests.leave, one, one.student) for one in asked),
        ]
    )
    assert [each for each in results if isinstance(each, Exception)] == []
    assert PlaceInLine.objects.waiting().count() == 0
