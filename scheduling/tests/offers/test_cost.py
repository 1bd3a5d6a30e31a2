"""What matching a slot costs: so many queries, however many wait and whatever is stored."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from scheduling.models import FreedSeat, Offer
from scheduling.services import care, offers
from scheduling.tests.factories import ask, book, open_time, slots_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def slot(ta, topic, people):
    """Tomorrow from 13:00 one slot of three seats, for which four wait."""
    [slot] = slots_of(open_time(ta, topic, end="13:30", capacity=3))
    for person in people[:4]:
        ask(person, topic)
    return slot


def cost(act):
    """The queries of ``act``, those that only begin and end a transaction left out."""
    with CaptureQueriesContext(connection) as asked:
        act()
    return [each["sql"] for each in asked if "SAVEPOINT" not in each["sql"]]


def matching(slot, *, seats):
    FreedSeat.objects.bulk_create(FreedSeat(slot=slot) for _seat in range(seats))
    return len(cost(lambda: offers.match(slot.pk)))


def test_is_the_same_for_each_slot_and_seat(slot):
    assert matching(slot, seats=1) == 12
    assert Offer.objects.count() == 1
    # Three more for another seat; one, since what is held by now may have run out.
    assert matching(slot, seats=2) == 12 + 3 + 1
    assert Offer.objects.count() == 3


def test_is_little_more_where_its_ta_has_limits(slot, ta):
    care.set_limits(ta, weekly_slots=30)
    assert matching(slot, seats=1) == 14


def test_is_less_where_nobody_can_take_it(slot):
    User.objects.exclude(pk=slot.appointment.ta_id).update(is_active=False)
    assert matching(slot, seats=1) == 6
    assert matching(slot, seats=0) == 2


def test_of_a_booking_no_query_is_for_limits_where_its_ta_has_none(slot, ta, student):
    about = [each for each in cost(lambda: book(student, slot)) if "teachinglimits" in each]
    assert len(about) == 1
    assert "scheduling_timeslot" in about[0]  # that locks the slot
