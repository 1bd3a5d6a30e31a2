"""Suspending and restoring, through the service and in the admin."""

import pytest

from accounts.errors import AccountError
from accounts.services import suspensions
from scheduling.models import Booking, TimeSlot
from scheduling.tests.factories import book, open_time, slots_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(clock, ta, topic, student) -> Booking:
    return book(student, slots_of(open_time(ta, topic))[0])


def test_free_slots_of_a_suspended_ta_disappear_and_come_back(made, ta, staff):
    assert TimeSlot.objects.free().count() == 3
    suspensions.suspend(ta, actor=staff, cancel_bookings=False)
    assert TimeSlot.objects.free().count() == 0
    suspensions.restore(ta)
    assert TimeSlot.objects.free().count() == 3


def test_bookings_stay_unless_the_admin_says_so(made, ta, staff):
    suspensions.suspend(ta, actor=staff, cancel_bookings=False)
    made.refresh_from_db()
    assert made.status == "booked"


@pytest.mark.parametrize("who", ["ta", "student"])
def test_with_their_bookings_both_sides_are_cancelled(made, staff, who):
    suspensions.suspend(getattr(made, who), actor=staff, cancel_bookings=True)
    made.refresh_from_db()
    assert (made.status, made.cancelled_by, made.cancelled_late) == ("cancelled", staff, False)
    assert made.events.last().kind == "cancelled"


def test_nobody_suspends_themselves(staff):
    with pytest.raises(AccountError, match="yourself"):
        suspensions.suspend(staff, actor=staff, cancel_bookings=False)
    staff.refresh_from_db()
    assert staff.is_active


def test_the_reason_is_kept_and_how_it_ended(staff, student, make_user):
    other = make_user("Other staff", is_staff=True, is_superuser=True)
    suspensions.suspend(student, actor=staff, cancel_bookings=True, reason="Insults")
    suspensions.restore(student, actor=other, reason="Apologised")
    [kept] = student.suspensions.all()
    assert (kept.actor, kept.reason, kept.cancelled_bookings) == (staff, "Insults", True)
    assert (kept.lifted_by, kept.lift_reason) == (other, "Apologised")
    assert kept.lifted_at >= kept.created_at
    suspensions.suspend(student, actor=staff, cancel_bookings=False, reason="Again")
    assert list(student.suspensions.order_by("pk").values_list("reason", flat=True)) == [
        "Insults",
        "Again",
    ]


def test_suspending_twice_is_told_and_kept_once(staff, student):
    suspensions.suspend(student, actor=staff, cancel_bookings=False)
    with pytest.raises(AccountError, match="suspended already"):
        suspensions.suspend(student, actor=staff, cancel_bookings=False)
    assert student.suspensions.count() == 1
    suspensions.restore(student)
    with pytest.raises(AccountError, match="not suspended"):
        suspensions.restore(student)


def test_only_a_superuser_suspends_staff(staff, make_user):
    coordinator = make_user("Coordinator", is_staff=True)
    with pytest.raises(AccountError, match="Only a superuser") as refused:
        suspensions.suspend(staff, actor=coordinator, cancel_bookings=False)
    assert refused.value.status == 403
    staff.refresh_from_db()
    assert staff.is_active
    suspensions.suspend(coordinator, actor=staff, cancel_bookings=False)


@pytest.mark.django_db(transaction=True)
def test_sessions_and_sockets_end_at_once(staff, student, sign_in):
    from accounts.signals import sessions_ended

    told = []

    def listen(user, keys, **kwargs):
        told.append((user, keys))

    client = sign_in(student)
    sessions_ended.connect(listen)
    suspensions.suspend(student, actor=staff, cancel_bookings=False)
    sessions_ended.disconnect(listen)
    assert client.get("/bookings/").status_code == 302
    assert told == [(student, None)]
