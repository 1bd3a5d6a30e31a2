"""Six weeks of sixty students, ten of whom ask all day: who gets the seats, by fairness and by haste."""

from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from scheduling.models import Booking, FreedSeat, Offer, PlaceInLine
from scheduling.services import bookings, offers, requests
from scheduling.tests.factories import open_time, slots_of
from setahub.core import clock as when

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

STUDENTS, GREEDY, DAYS, SEATS = 60, 10, 42, 3  # seats a day


def share_of_least_served_half(got):
    half = sorted(got.values())[: len(got) // 2]
    return sum(half) / sum(got.values())


def askers(random):
    """Who asks on a day, in the order of their haste: the greedy ones first, and always."""
    others = [number for number in range(GREEDY, STUDENTS) if random.random() < 0.2]
    random.shuffle(others)
    return [*range(GREEDY), *others]


def first_come_first_served():
    random = Random(20261127)
    got = dict.fromkeys(range(STUDENTS), 0)
    for _day in range(DAYS):
        for number in askers(random)[:SEATS]:
            got[number] += 1
    return got


def test_by_fairness_the_least_served_half_has_two_fifths(
    make_user, ta, topic, clock, settings, run_tasks
):
    settings.RATE_LIMITS = False
    random = Random(20261127)
    people = [make_user(f"Student {number}") for number in range(STUDENTS)]
    got = dict.fromkeys(range(STUDENTS), 0)
    for _day in range(DAYS):
        for number in askers(random):
            if not PlaceInLine.objects.waiting().of(people[number].pk).exists():
                clock.shift(timedelta(seconds=1))
                today = when.today()
                last = today + timedelta(days=13)
                requests.ask(people[number], topic, "Why?", from_day=today, to_day=last)
        tomorrow = when.today() + timedelta(days=1)
        session = open_time(ta, topic, day=tomorrow, end="13:30", capacity=SEATS)
        slot = slots_of(session)[0]
        offers.match(slot.pk)
        for offer in Offer.objects.open().select_related("student"):
            bookings.book(offer.student, slot.pk, topic, "Why?")
            got[people.index(offer.student)] += 1
        clock.shift(timedelta(days=1))
        requests.end_over()
    assert sum(got.values()) == DAYS * SEATS == Booking.objects.count()
    assert FreedSeat.objects.count() == 0
    fair, hasty = (
        share_of_least_served_half(got),
        share_of_least_served_half(first_come_first_served()),
    )
    assert fair >= 0.4
    assert hasty < fair
    assert Booking.objects.filter(starts_at__gt=timezone.now()).count() <= SEATS
