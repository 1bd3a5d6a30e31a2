"""Who is offered a seat that comes free, in which order."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block, User
from scheduling.models import (
    Booking,
    FreedSeat,
    HelpRequest,
    Offer,
    PlaceInLine,
    TimeSlot,
)
from scheduling.services import offers, requests
from scheduling.tests.factories import book, open_time, slots_of, tomorrow
from scheduling.tests.offers.steps import MINUTE, cancel, freed_now, offered
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


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


def test_more_than_are_looked_at_together_cost_no_more(
    taken, topic, make_user, people, asks, run_tasks
):
    first = asks(people[0])
    cancel(taken)
    with CaptureQueriesContext(connection) as few:
        offers.match(taken.slot_id)
    crowd = User.objects.bulk_create(
        User(
            username=f"C{number}",
            username_key=f"c{number}",
            email=f"c{number}@example.com",
            email_key=f"c{number}@example.com",
        )
        for number in range(3 * offers.AT_ONCE)
    )
    PlaceInLine.objects.bulk_create(
        PlaceInLine(request=first, person=person, created_at=timezone.now()) for person in crowd
    )
    other = FreedSeat.objects.create(slot=taken.slot)
    Offer.objects.all().delete()
    PlaceInLine.objects.filter(person=people[0]).delete()
    with CaptureQueriesContext(connection) as many:
        offers.match(other.slot_id)
    assert offered(taken.slot) == [("C0", "open")]
    assert len(many) == len(few)
