"""Bookable is free and nothing of one's own in the way, whatever the slot, people and policy."""

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, assume, given, settings

from scheduling.errors import SchedulingError
from scheduling.models import TeachingLimits, TimeSlot
from scheduling.queries import care
from scheduling.queries.free import free_by_ta, free_by_topic, free_days, free_from, is_free
from scheduling.queries.obstacles import Obstacles
from scheduling.services import bookings, rules
from scheduling.tests.cases import DAY, HOUR, NOW, cases, written
from setahub.core import clock as when


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_bookable_is_free_and_nothing_of_ones_own_in_the_way(case):
    with transaction.atomic():
        world = written(case)
        slot, topic = world.slot, world.topic
        free = not case.why_not_free
        assert is_free(slot.pk, topic.pk, world.moving) == free
        assert TimeSlot.objects.free(topic_id=topic.pk).filter(pk=slot.pk).exists() == free
        # Lists, counts and the week strip know no other definition.
        day = when.local(case.start).date()
        assert (slot in free_from(day - DAY, topic=topic.pk, ta=world.ta.pk)) == free
        assert bool(free_by_ta(topic.pk).get(world.ta.pk)) == free
        others = TimeSlot.objects.free(topic_id=topic.pk).exclude(pk=slot.pk)
        assert (topic.pk in free_by_topic()) == (free or others.exists())
        assert (day in free_days(day, day, topic=topic.pk, ta=world.ta.pk)) == free

        obstacle = Obstacles.to(world.student, [slot], moving=world.moving).of(slot)
        own = case.in_the_way - {"inactive"}
        assert (obstacle is not None) == bool(own)
        if obstacle:
            assert obstacle.value in own

        free_for_me = not case.why_not_free_for_me
        assert is_free(slot.pk, topic.pk, world.moving, own_seat=case.offered) == free_for_me
        code = _refusal(
            lambda: rules.check_bookable(
                world.student, slot, topic, moving=world.moving, own_seat=case.offered
            )
        )
        assert bool(code) == (not free_for_me or bool(case.in_the_way))
        assert code == "" or code in case.why_not_free_for_me | case.in_the_way
        transaction.set_rollback(True)


def _refusal(act) -> str:
    """The code of what is refused; "" for what is done."""
    try:
        act()
    except SchedulingError as refused:
        return refused.code
    return ""


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_a_booking_is_made_just_where_it_may_be(case):
    with transaction.atomic():
        world = written(case)
        code = _refusal(lambda: bookings.book(world.student, world.slot.pk, world.topic, "How?"))
        stays = case.elsewhere is not None and case.moves
        clash = stays and abs(case.elsewhere) < HOUR / 2
        assume(not stays or clash)  # counted there, it may be one too many
        # What is spared was made anew along with it, or stayed right.
        limits = TeachingLimits.objects.get()
        right = set(care.spared(limits, care.slots_of(world.ta.pk)))
        assert set(TimeSlot.objects.filter(spared=True).values_list("pk", flat=True)) == right
        assert (code == "") == (not case.why_not_free_for_me and not case.in_the_way and not clash)
        transaction.set_rollback(True)
