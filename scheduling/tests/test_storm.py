"""Everybody does everything at once: nobody deadlocks, every refusal is in words, and what is
stored afterwards is right."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db.models import Count, F, Q

from accounts.models import User
from accounts.services import blocks
from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking, Commitment, TimeSlot
from scheduling.queries.series import FOLLOWING, ONE
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import open_series, open_time, plan, tomorrow
from scheduling.tests.test_races import at_once
from topics import services as topics
from topics.models import Registration, Topic
from topics.services import TopicError

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CROWD = 20
ACTS_EACH = 6
REFUSALS = (SchedulingError, TopicError)


class Somebody:
    """Does one thing after the other, each chosen by chance."""

    def __init__(self, user: User, topic: Topic, number: int) -> None:
        self.user, self.topic, self.chance = user, topic, Random(number)

    def live(self) -> Counter[str]:
        """How often what was done, and how often refused. Any other error goes through."""
        acts: list[Callable[[], Any]] = [self.book] * 4 + [self.move, self.cancel] * 2
        acts += [self.open, self.edit, self.take_back, self.teach, self.stop_teaching, self.block]
        done: Counter[str] = Counter()
        for act in self.chance.choices(acts, k=ACTS_EACH):
            try:
                act()
                done[act.__name__] += 1
            except REFUSALS:
                done["refused"] += 1
        return done

    def any_of(self, rows: Any) -> Any:
        found = list(rows.order_by("pk")[:40])
        if not found:
            raise SchedulingError("none", "There is nothing to choose from.")
        return self.chance.choice(found)

    def book(self) -> None:
        slot = self.any_of(TimeSlot.objects.standing())
        bookings.book(self.user, slot.pk, self.topic, "Why?")

    def move(self) -> None:
        mine = self.any_of(Booking.objects.active().of_student(self.user.pk))
        slot = self.any_of(TimeSlot.objects.of_ta(mine.ta_id))
        bookings.move(mine, self.user, slot.pk)

    def cancel(self) -> None:
        bookings.cancel(self.any_of(Booking.objects.active().of(self.user.pk)), self.user, "Ill")

    def open(self) -> None:
        day = tomorrow() + timedelta(days=self.chance.randint(1, 3))
        appointments.open_time(self.user, plan(self.topic, day=day))

    def edit(self) -> None:
        mine = self.any_of(Appointment.objects.of(self.user.pk).open())
        end = self.chance.choice(["14:00", "15:00", "16:00"])
        shape = plan(self.topic, end=end, capacity=2, location=f"Room {self.chance.random()}")
        changed = shape.on(Plan.of(mine).day)
        scope = self.chance.choice([ONE, FOLLOWING])
        appointments.edit(mine, self.user, changed, scope=scope)

    def take_back(self) -> None:
        appointments.cancel(
            self.any_of(Appointment.objects.of(self.user.pk).open()), self.user, "I am ill"
        )

    def teach(self) -> None:
        topics.register(self.user, self.topic)

    def stop_teaching(self) -> None:
        topics.unregister(self.user, self.topic)

    def block(self) -> None:
        other = self.any_of(User.objects.exclude(pk=self.user.pk))
        blocks.block(self.user, other)
        blocks.unblock(self.user, other)


def test_a_storm_leaves_everything_right(make_user, topic):
    crowd = [make_user(f"Person {number}") for number in range(CROWD)]
    for ta in crowd[: CROWD // 2]:
        Registration.objects.create(user=ta, topic=topic)
    for ta in crowd[:6]:
        open_series(ta, topic, weeks=2)
        open_time(ta, topic, start="16:00", end="17:00", capacity=3)

    lives = [Somebody(user, topic, number).live for number, user in enumerate(crowd)]
    done: Counter[str] = Counter()
    for result in at_once(lives):
        assert isinstance(result, Counter), repr(result)
        done += result
    assert done.total() == CROWD * ACTS_EACH
    assert min(done["book"], done["refused"]) > 0

    counted = TimeSlot.objects.annotate(
        active=Count("bookings", filter=Q(bookings__status="booked"))
    )
    assert not counted.exclude(taken=F("active")).exists()
    assert not counted.filter(active__gt=F("capacity")).exists()
    active = Booking.objects.active().select_related("slot__appointment")
    for made in active:
        assert not made.slot.withdrawn
        assert not made.slot.appointment.is_cancelled
        assert (made.starts_at, made.ta_id) == (made.slot.starts_at, made.slot.appointment.ta_id)
        assert made.slot.appointment.topics.contains(topic)
    assert Commitment.objects.count() == 2 * len(active)
    for person in crowd:
        spans = sorted(
            set(person.commitments.values_list("starts_at", "ends_at", "slot")), key=lambda s: s[0]
        )
        assert all(one[1] <= later[0] for one, later in pairwise(spans))
    for ta in crowd:
        spans = sorted(ta.appointments.open().values_list("starts_at", "ends_at"))
        assert all(one[1] <= later[0] for one, later in pairwise(spans))
    for gone in Appointment.objects.open().filter(topics=None):
        pytest.fail(f"{gone} has no topic left")
