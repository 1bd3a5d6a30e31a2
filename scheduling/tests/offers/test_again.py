"""The same time is offered to one person once, unless it was taken from them before they answered."""

import pytest

from scheduling.models import Offer
from scheduling.services import appointments, offers, requests
from scheduling.services.plan import Plan
from scheduling.tests.factories import ask, book, open_time, slots_of

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slot(ta, topic):
    return slots_of(open_time(ta, topic, end="13:30", capacity=2))[0]


@pytest.fixture
def edit(ta, slot, run_tasks):
    """Changes the session, and lets what follows happen."""

    def change(**fields):
        was = Plan.of(slot.appointment)
        appointments.edit(slot.appointment, ta, Plan(**{**vars(was), **fields}))
        slot.appointment.refresh_from_db()
        run_tasks()

    return change


@pytest.fixture
def offered(slot, student, topic, run_tasks):
    """The student waits, and a seat is held for them."""
    ask(student, topic)
    offers.opened(slot.appointment)
    run_tasks()
    return Offer.objects.get()


def history(slot):
    return list(Offer.objects.filter(slot=slot).order_by("pk").values_list("status", flat=True))


def test_a_time_that_the_ta_moved_and_put_back_is_offered_again(slot, offered, edit):
    was = Plan.of(slot.appointment)
    edit(start=was.end, end=was.end.replace(hour=14, minute=0))
    assert history(slot) == ["withdrawn"]
    later = Offer.objects.open().get()
    assert later.slot != slot
    edit(start=was.start, end=was.end)
    assert history(slot) == ["withdrawn", "open"]


def test_seats_that_were_lowered_and_raised_again_are_offered_again(
    slot, offered, edit, stranger, topic
):
    book(stranger, slot)
    edit(capacity=1)
    assert history(slot) == ["withdrawn"]
    edit(capacity=2)
    assert history(slot) == ["withdrawn", "open"]


def test_what_was_passed_on_is_not(slot, offered, edit, student):
    offers.decline(offered, student)
    edit(capacity=3)
    assert history(slot) == ["declined"]


def test_nor_what_ran_out(slot, offered, edit, clock, run_tasks):
    clock.move_to(offered.expires_at)
    offers.match(slot.pk)
    edit(capacity=3)
    assert history(slot) == ["expired"]


def test_nor_what_ended_since_its_person_left(
    slot, offered, edit, student, topic, clock, run_tasks
):
    requests.leave(offered.request, student)
    run_tasks()
    assert history(slot) == ["withdrawn"]
    clock.shift(1)
    ask(student, topic, "And this?")
    edit(capacity=3)
    assert history(slot) == ["withdrawn"]


def test_what_was_taken_from_them_and_then_passed_on_is_offered_no_third_time(
    slot, offered, edit, student, stranger
):
    book(stranger, slot)
    edit(capacity=1)
    edit(capacity=2)
    offers.decline(Offer.objects.open().get(), student)
    edit(capacity=3)
    assert history(slot) == ["withdrawn", "declined"]
