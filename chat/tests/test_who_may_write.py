"""Who may write to whom, as a table."""

import pytest

from accounts.models import Block
from chat import services
from chat.errors import ChatError
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from topics.models import Registration

pytestmark = pytest.mark.django_db

OK = "ok"


def answer(sender, recipient):
    try:
        services.check_may_write(sender.pk, recipient.pk if recipient else 0)
    except ChatError as error:
        return error.code
    return OK


@pytest.fixture
def world(student, ta, stranger, topic):
    """A student with a booking of the TA's, and a stranger with nothing."""
    book(student, slots_of(open_time(ta, topic))[0])
    return {"student": student, "ta": ta, "stranger": stranger}


@pytest.mark.parametrize(
    ("sender", "recipient", "expected"),
    [
        ("student", "ta", OK),  # anybody may write to a TA
        ("stranger", "ta", OK),
        ("ta", "student", OK),  # a TA to who booked them
        ("ta", "stranger", "not_allowed"),  # but to nobody else first
        ("student", "stranger", "not_allowed"),
        ("stranger", "student", "not_allowed"),
        ("student", "student", "invalid"),  # oneself
    ],
)
def test_who_may_begin(world, sender, recipient, expected):
    assert answer(world[sender], world[recipient]) == expected


def test_nobody_writes_to_nobody(student):
    assert answer(student, None) == "not_allowed"


def test_who_was_written_to_may_answer(student, ta, say):
    assert answer(ta, student) == "not_allowed"
    say(student, ta)
    assert answer(ta, student) == OK


def test_who_only_wrote_is_not_answered_by_that(student, ta, say):
    say(student, ta)
    Registration.objects.filter(user=ta).delete()
    assert answer(student, ta) == "not_allowed"
    say(ta, student)
    assert answer(student, ta) == OK


def test_a_pending_registration_makes_no_ta(student, ta):
    Registration.objects.filter(user=ta).update(status="pending")
    assert answer(student, ta) == "not_allowed"


def test_a_cancelled_booking_is_one_that_was(student, ta, topic):
    bookings.cancel(book(student, slots_of(open_time(ta, topic))[0]), student, "")
    assert answer(ta, student) == OK


@pytest.mark.parametrize("blocker", ["student", "ta"])
def test_a_block_of_either_stops_both(student, ta, say, blocker):
    say(student, ta)
    pair = {"student": (student, ta), "ta": (ta, student)}[blocker]
    Block.objects.create(blocker=pair[0], blocked=pair[1])
    assert answer(student, ta) == answer(ta, student) == "blocked"


@pytest.mark.parametrize("suspended", ["student", "ta"])
def test_the_suspended_neither_write_nor_are_written_to(student, ta, say, suspended):
    say(student, ta)
    person = {"student": student, "ta": ta}[suspended]
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert answer(student, ta) == answer(ta, student) == "not_allowed"
