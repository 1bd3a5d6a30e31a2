"""Twenty at once, with real threads on real connections: exactly the seats are taken, and every
loser learns it in words."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking, Commitment, TimeSlot
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CROWD = 20


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every call in a thread of its own, all let go together; their results or their errors."""
    gate = Barrier(len(calls), timeout=30)

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def refusals(results: Sequence[Any]) -> Counter[str]:
    """How often which refusal came; anything that is no refusal fails the test."""
    errors = [result for result in results if isinstance(result, Exception)]
    unexpected = [error for error in errors if not isinstance(error, SchedulingError)]
    assert unexpected == []
    return Counter(error.code for error in errors)


def tomorrow() -> date:
    return when.today() + timedelta(days=1)


def plan(topic: Topic, start: str, end: str, *, seats: int = 1, minutes: int = 30) -> Plan:
    return Plan(
        [topic],
        tomorrow(),
        time.fromisoformat(start),
        time.fromisoformat(end),
        minutes,
        seats,
        "Room 504",
    )


@pytest.fixture
def crowd(make_user) -> list[User]:
    return [make_user(f"Student {number}") for number in range(CROWD)]


def open_slot(
    ta: User, topic: Topic, start: str = "13:00", end: str = "13:30", **shape
) -> TimeSlot:
    [appointment] = appointments.open_time(ta, plan(topic, start, end, **shape))
    return appointment.slots.get()


def another_ta(make_user, topic: Topic, name: str) -> User:
    user = make_user(name)
    Registration.objects.create(user=user, topic=topic)
    return user


@pytest.mark.parametrize("seats", [1, 3])
def test_exactly_the_seats_are_taken(ta, topic, crowd, seats):
    slot = open_slot(ta, topic, seats=seats)
    results = at_once(
        [lambda s=student: bookings.book(s, slot.pk, topic, "Help!") for student in crowd]
    )
    assert refusals(results) == {"full": CROWD - seats}
    slot.refresh_from_db()
    assert slot.taken == Booking.objects.active().count() == seats
    assert Commitment.objects.count() == 2 * seats


def test_one_student_in_many_tabs_gets_one_seat(ta, topic, student):
    slot = open_slot(ta, topic, seats=20)
    asked = [f"Help with {number}!" for number in range(CROWD)]
    results = at_once([lambda q=q: bookings.book(student, slot.pk, topic, q) for q in asked])
    assert refusals(results) == {"second_seat": CROWD - 1}
    assert Booking.objects.active().count() == 1


def test_the_same_booking_in_many_tabs_is_one(ta, topic, student):
    slot = open_slot(ta, topic, seats=20)
    results = at_once([lambda: bookings.book(student, slot.pk, topic, "Help!")] * CROWD)
    assert results == [Booking.objects.get()] * CROWD


@pytest.mark.parametrize("question", ["Why?", None], ids=["the same", "another each"])
def test_a_cancelled_booking_is_replaced_once(make_user, ta, topic, student, question):
    lost = bookings.book(
        student, open_slot(ta, topic, start="09:00", end="09:30").pk, topic, "Why?"
    )
    bookings.cancel(lost, ta, "I am ill")
    slots = [open_slot(another_ta(make_user, topic, f"TA {n}"), topic) for n in range(CROWD)]
    one = slots[0]
    results = at_once(
        [
            lambda s=s: bookings.rebook(
                lost, student, one.pk if question else s.pk, question or "?"
            )
            for s in slots
        ]
    )
    made = Booking.objects.get(replaces=lost)
    if question:
        assert results == [made] * CROWD
    else:
        assert refusals(results) == {"replaced": CROWD - 1}
    assert Booking.objects.active().count() == 1


def test_one_student_never_gets_two_overlapping_times(make_user, topic, student):
    slots = [open_slot(another_ta(make_user, topic, f"TA {n}"), topic) for n in range(CROWD)]
    results = at_once([lambda s=s: bookings.book(student, s.pk, topic, "Help!") for s in slots])
    assert refusals(results) == {"clash": CROWD - 1}
    assert Booking.objects.active().count() == 1


def test_one_student_never_gets_more_than_the_limit(make_user, topic, student, settings):
    settings.MAX_ACTIVE_BOOKINGS = 3
    tas = [another_ta(make_user, topic, f"TA {number}") for number in range(10)]
    slots = [
        open_slot(ta, topic, f"{8 + number:02}:00", f"{8 + number:02}:30")
        for number, ta in enumerate(tas)
    ]
    results = at_once([lambda s=s: bookings.book(student, s.pk, topic, "Help!") for s in slots])
    assert refusals(results) == {"too_many": 7}
    assert Booking.objects.active().count() == 3


def test_two_who_book_each_other_get_one_booking(make_user, topic):
    """Student and TA of each other at one time: locks in the order of ids can't deadlock."""
    people = [another_ta(make_user, topic, f"TA {number}") for number in range(2)]
    slots = [open_slot(person, topic) for person in people]
    pairs = [(people[0], slots[1]), (people[1], slots[0])] * (CROWD // 2)
    asked = [(person, slot, f"Help {number}!") for number, (person, slot) in enumerate(pairs)]
    results = at_once([lambda a=a: bookings.book(a[0], a[1].pk, topic, a[2]) for a in asked])
    assert sum(refusals(results).values()) == CROWD - 1
    assert Booking.objects.active().count() == 1


def test_moving_to_one_slot_lets_one_in_and_the_others_keep_theirs(ta, topic, crowd):
    own = [
        appointments.open_time(ta, plan(topic, "08:00", "13:00", minutes=15))[0].slots.order_by(
            "pk"
        )
    ][0]
    seats = [
        bookings.book(student, slot.pk, topic, "Help!")
        for student, slot in zip(crowd, own, strict=True)
    ]
    target = open_slot(ta, topic, "14:00", "14:30")
    results = at_once([lambda b=b: bookings.move(b, b.student, target.pk) for b in seats])
    assert refusals(results) == {"full": CROWD - 1}
    assert Booking.objects.active().count() == CROWD
    assert sum(TimeSlot.objects.values_list("taken", flat=True)) == CROWD


def test_cancelling_many_times_cancels_once(ta, topic, student):
    slot = open_slot(ta, topic)
    made = bookings.book(student, slot.pk, topic, "Help!")
    results = at_once([lambda: bookings.cancel(made, student, "")] * CROWD)
    assert results == [made] * CROWD
    assert made.events.filter(kind="cancelled").count() == 1
    slot.refresh_from_db()
    assert slot.taken == 0
    assert made.events.filter(kind="cancelled").count() == 1


def test_a_time_that_is_asked_for_many_times_is_opened_once(ta, topic):
    results = at_once([lambda: appointments.open_time(ta, plan(topic, "13:00", "15:00"))] * CROWD)
    assert refusals(results) == {}
    assert Appointment.objects.count() == 1


def test_one_ta_opens_a_time_once(ta, topic):
    places = [replace(plan(topic, "13:00", "15:00"), location=f"Room {n}") for n in range(CROWD)]
    results = at_once([partial(appointments.open_time, ta, each) for each in places])
    assert refusals(results) == {"conflict": CROWD - 1}
    assert Appointment.objects.count() == 1
    assert TimeSlot.objects.count() == 4


def test_an_edit_never_drops_a_slot_that_is_booked_meanwhile(ta, topic, crowd):
    [appointment] = appointments.open_time(ta, plan(topic, "13:00", "15:00"))
    slots = list(appointment.slots.order_by("starts_at"))
    shorter = plan(topic, "13:00", "14:00")
    calls: list[Callable[[], Any]] = [
        lambda: appointments.edit(appointment, ta, shorter) for _ in range(CROWD // 2)
    ]
    calls += [
        lambda s=student, n=number: bookings.book(s, slots[n % 4].pk, topic, "Help!")
        for number, student in enumerate(crowd[: CROWD // 2])
    ]
    refusals(at_once(calls))
    for made in Booking.objects.active().select_related("slot"):
        assert not made.slot.withdrawn
    assert sum(TimeSlot.objects.values_list("taken", flat=True)) == Booking.objects.active().count()


def test_deleting_a_session_while_students_book_leaves_no_booking_alive(ta, topic, crowd):
    [appointment] = appointments.open_time(ta, plan(topic, "13:00", "15:00", seats=5))
    slots = list(appointment.slots.order_by("starts_at"))
    calls: list[Callable[[], Any]] = [
        lambda s=student, n=number: bookings.book(s, slots[n % 4].pk, topic, "Help!")
        for number, student in enumerate(crowd[:-1])
    ]
    calls.append(lambda: appointments.cancel(appointment, ta, "I am ill"))
    refusals(at_once(calls))
    assert Booking.objects.active().count() == 0
    assert Commitment.objects.count() == 0


def test_through_the_pages_one_wins_and_the_losers_read_why(ta, topic, crowd):
    slot = open_slot(ta, topic)
    clients = []
    for student in crowd:
        client = Client(raise_request_exception=False)
        client.force_login(student)
        clients.append(client)
    form = {"slot": slot.pk, "topic": topic.pk, "question": "My tree rotates the wrong way."}
    responses = at_once([lambda c=c: c.post("/bookings/new/", form) for c in clients])
    assert Counter(response.status_code for response in responses) == {302: 1, 409: CROWD - 1}
    for response in responses:
        if response.status_code == 409:
            assert "just taken" in response.content.decode()
            assert "My tree rotates the wrong way." in response.content.decode()


def weekly(topic: Topic, *starts: str, days: tuple[int, ...] = (0, 2, 4)) -> list[Plan]:
    """An hour on each of these days after tomorrow, at each of these times."""
    return [
        replace(
            plan(topic, start, f"{int(start[:2]) + 1}:00"), day=tomorrow() + timedelta(days=day)
        )
        for day in days
        for start in starts
    ]


def test_weekly_hours_sent_by_many_tabs_are_opened_once(ta, topic):
    stretches = weekly(topic, "13:00")
    until = tomorrow() + timedelta(weeks=3)
    call = partial(appointments.open_weekly, ta, stretches, repeat_until=until)
    results = at_once([call] * 6)
    assert refusals(results) == {}
    made = {each.pk for each in Appointment.objects.all()}
    assert all({each.pk for each in result} == made for result in results)
    assert Appointment.objects.values("starts_at").distinct().count() == len(made)


def test_of_weekly_hours_that_meet_one_is_opened_whole_and_the_others_not_at_all(ta, topic):
    until = tomorrow() + timedelta(weeks=3)
    asked = [weekly(topic, "09:00", f"{start}:00") for start in (13, 14, 15)]
    calls = [partial(appointments.open_weekly, ta, each, repeat_until=until) for each in asked]
    results = at_once(calls)
    assert refusals(results) == {"conflict": 2}
    [opened] = [result for result in results if isinstance(result, list)]
    assert {each.pk for each in opened} == {each.pk for each in Appointment.objects.all()}
