"""The storm's invariants hold for what the services make, and each is broken by what breaks it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Case, When
from django.utils import timezone

from accounts.models import User
from accounts.services import blocks
from bench.storm import invariants
from bench.storm.invariants import BROKEN
from chat import services as chat
from scheduling import sweeps
from scheduling.models import TimeSlot
from scheduling.services import bookings, care, check_ins, offers, records, requests, takeaways
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration

pytestmark = pytest.mark.usefixtures("clock", "world")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def world(clock, student, stranger, ta, topic, staff, make_user):
    """Bookings that were made, moved, cancelled and settled, what was written about them and what
    remains of one, a TA with limits, an offer."""
    came = make_user("Came")
    _session_that_took_place(clock, came, ta, topic)
    _ta_with_limits(make_user, topic)
    slots = slots_of(open_time(ta, topic, capacity=2))
    book(stranger, slots[0])
    bookings.move(book(student, slots[1]), student, slots[0].pk)
    bookings.cancel(book(student, slots[2]), student, "Ill")
    takeaways.show(book(came, slots[3]), came, wanted=True)
    chat.send(student.pk, ta.pk, None, "Hello")
    chat.send(ta.pk, student.pk, None, "Hi")
    today = when.today()
    days = {"from_day": today, "to_day": today + timedelta(9)}
    waiting = make_user("Waiting")
    for question in ("Why?", "How?", "When?"):
        requests.ask(waiting, topic, question, **days)
    requests.ask(make_user("Waiting too"), topic, "Why?", **days)
    blocks.block(waiting, staff)
    [slot] = slots_of(open_time(ta, topic, start="16:00", end="16:30"))
    offers.match(slot.pk)


def _session_that_took_place(clock, student, ta, topic):
    booking = book(
        student, slots_of(open_time(ta, topic, day=when.today(), start="11:00", end="11:30"))[0]
    )
    clock.move_to(booking.starts_at)
    code = check_ins.code_of(booking.slot.appointment_id, timezone.now())
    check_ins.check_in(booking, student, code)
    bookings.complete(booking, ta)
    takeaways.leave(booking, ta, "Rotated a tree")
    takeaways.thank(booking, student, "yes", "Thank you!")
    records.issue(ta, when.today(), when.today())


def _ta_with_limits(make_user, topic):
    limited = make_user("Limited")
    Registration.objects.create(user=limited, topic=topic)
    care.set_limits(limited, slots_in_a_row=2)
    slots = slots_of(open_time(limited, topic, start="08:00", end="11:00"))
    for name, slot in zip(("Anong", "Boon", "Chai"), (slots[0], slots[1], slots[4]), strict=True):
        book(make_user(name), slot)


def broken() -> set[str]:
    with connection.cursor() as cursor:
        return set(invariants.broken(cursor, 0, BEGAN, timezone.now()))


def test_all_hold():
    assert broken() == set()


@pytest.mark.parametrize(
    ("limits", "spared"),
    [
        ({"slots_in_a_row": 1}, 3),
        ({"slots_in_a_row": 3}, 0),
        ({"weekly_slots": 3}, 3),
        ({"weekly_slots": 4}, 0),
        ({"away_until": date(2026, 11, 24)}, 6),
    ],
    ids=str,
)
def test_all_hold_whatever_a_ta_limits(limits, spared):
    care.set_limits(User.objects.get(username="Limited"), **limits)
    assert TimeSlot.objects.filter(spared=True).count() == spared
    sweeps.offer()  # what came free
    assert broken() == set()
    TimeSlot.objects.filter(appointment__ta__username="Limited").update(
        spared=Case(When(spared=True, then=False), default=True)
    )
    assert "a time to come is spared exactly when its TA's limits say so" in broken()


FORGED = {
    "a slot has as many seats as its session says": (
        "UPDATE scheduling_appointment SET capacity = 3"
    ),
    "an active booking is for a topic of its session": (
        "DELETE FROM scheduling_appointment_topics"
    ),
    "a session has a slot and a topic": "DELETE FROM scheduling_appointment_topics",
    "a slot lies within its session": (
        "UPDATE scheduling_appointment SET ends_at = (SELECT min(ends_at) FROM scheduling_timeslot s"
        " WHERE s.appointment_id = scheduling_appointment.id)"
    ),
    "no active booking is in a slot that was taken off": (
        "UPDATE scheduling_timeslot SET withdrawn = TRUE"
    ),
    "a slot counts its open offers rightly": "UPDATE scheduling_timeslot SET held = 0",
    "a slot counts its freed seats rightly": "UPDATE scheduling_timeslot SET freed = 1",
    "no open offer is of a time that was taken off": (
        "UPDATE scheduling_timeslot SET withdrawn = TRUE"
    ),
    "an open request is one that its owner waits for": (
        "UPDATE scheduling_placeinline SET ended_at = created_at"
    ),
    "an offer that ran out was ended by the sweep": (
        "UPDATE scheduling_offer SET expires_at = '2020-01-01 00:00:00'"
    ),
    "a freed seat was matched by the sweep": (
        "INSERT INTO scheduling_freedseat (slot_id, turn, created_at)"
        " SELECT slot_id, 2, '2020-01-01 00:00:00' FROM scheduling_offer"
    ),
    "an open offer is for somebody who waits": (
        "UPDATE scheduling_placeinline SET ended_at = created_at"
    ),
    "an open offer is for a topic of its session": "DELETE FROM scheduling_appointment_topics",
    "nothing is held over a block": (
        "UPDATE accounts_block SET blocked_id = (SELECT min(ta_id) FROM scheduling_booking)"
    ),
    "nobody waits beside or for somebody over a block": (
        "UPDATE scheduling_helprequest SET ta_id = (SELECT blocked_id FROM accounts_block)"
    ),
    "a taken offer was booked": "UPDATE scheduling_offer SET status = 'taken'",
    "an offer says when it ended, an open one does not": (
        "UPDATE scheduling_offer SET status = 'declined'"
    ),
    "a place says how it ended, a waiting one does not": (
        "UPDATE scheduling_placeinline SET ended_at = created_at"
    ),
    "nobody waits for more than they may": (
        "UPDATE scheduling_placeinline"
        " SET person_id = (SELECT min(person_id) FROM scheduling_placeinline)"
    ),
    "nobody waits for what they have booked since": (
        "UPDATE scheduling_placeinline SET created_at = '2020-01-01 00:00:00',"
        " person_id = (SELECT min(student_id) FROM scheduling_booking WHERE status = 'booked')"
    ),
    "nothing is spared for a TA without limits": "UPDATE scheduling_timeslot SET spared = TRUE",
    "a time to come is spared exactly when its TA's limits say so": (
        "UPDATE scheduling_timeslot SET spared = FALSE"
    ),
    "nothing is held while its TA is away": (
        "INSERT INTO scheduling_teachinglimits (ta_id, back_at)"
        " SELECT ta_id, '2030-01-01 00:00:00' FROM scheduling_record"
    ),
    "who has checked in did so while it lasted, by a line of its history": (
        "DELETE FROM scheduling_bookingevent WHERE kind = 'checked_in'"
    ),
    "nothing remains of a booking that was cancelled": (
        "UPDATE scheduling_takeaway SET booking_id ="
        " (SELECT min(id) FROM scheduling_booking WHERE status = 'cancelled')"
    ),
    "a takeaway has one card, and one notice for its student": "DELETE FROM accounts_notice",
    "what a TA is shown was left to the student of the booking, on its topic, for another": (
        "UPDATE scheduling_booking SET shown_takeaway_id = (SELECT id FROM scheduling_takeaway)"
    ),
    "thanks in words are told to their TA once": "DELETE FROM accounts_notice",
    "a record that stands says whose it is, of which days, as no other does": (
        "UPDATE scheduling_record SET name = ''"
    ),
    "what was made or moved is told to both": "DELETE FROM accounts_notice",
    "what one did oneself is read": "UPDATE accounts_notice SET read_at = NULL",
    "an offer is told to its person, and so is its running out": "DELETE FROM accounts_notice",
    "a booking was made once": (
        "UPDATE scheduling_bookingevent SET kind = 'changed' WHERE kind = 'made'"
    ),
    "a cancelled booking was cancelled once, another never": (
        "UPDATE scheduling_bookingevent SET kind = 'cancelled' WHERE kind = 'moved'"
    ),
    "when it was cancelled is told of cancelled ones alone": (
        "UPDATE scheduling_booking SET cancelled_at = NULL"
    ),
    "nothing follows a cancellation": (
        "UPDATE scheduling_bookingevent SET kind = 'cancelled' WHERE kind = 'made'"
    ),
    "the last line of the history has the number that calendars have": (
        "UPDATE scheduling_booking SET sequence = sequence + 1"
    ),
    "what was made, moved or cancelled has one card": "UPDATE chat_message SET event_id = NULL",
    "a conversation has a side for each of its two": (
        "DELETE FROM chat_participation WHERE id = (SELECT min(id) FROM chat_participation)"
    ),
    "a conversation knows its last message": "UPDATE chat_conversation SET last_message_id = NULL",
    "and so do both of its sides": "UPDATE chat_participation SET last_message_id = NULL",
    "each message names the one before it": "UPDATE chat_message SET prev = NULL",
    "unread messages are counted rightly": "UPDATE chat_participation SET last_read_id = 0",
    "nobody has read what is not there": "UPDATE chat_participation SET last_read_id = 999999999",
    "only the two write in a conversation": (
        "UPDATE chat_message SET sender_id = (SELECT id FROM accounts_user WHERE is_superuser)"
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_breaks_one_is_found(name, student, ta):
    if name == "unread messages are counted rightly":
        chat.mark_read(student.pk, ta.pk, 999_999_999)
    with connection.cursor() as cursor:
        cursor.execute(FORGED[name])
    assert name in broken()


# What the database itself refuses is found too, should it ever let it through.
REFUSED = {
    "a slot has no more taken and held seats than it has",
    "nobody is offered two times at once, or one twice",
    "nobody was offered one time twice, unless it was taken from them",
    "a slot counts its active bookings rightly",
    "nobody has two seats in one slot",
    "no active booking is in a cancelled session",
    "a booking is at the time of its slot",
    "a booking is with the TA of its session",
    "who has checked in did not stay away",
    "a record says when it ended, one that stands does not",
    "a happening is told once to each",
    "nobody books themselves",
    "an active booking commits exactly its two people",
    "nothing but an active booking commits anybody",
    "no booking commits more than two",
    "nobody is in two places at once",
    "no two sessions of a TA overlap",
    "no two slots of a session overlap",
    "a side with unread messages says so",
    "no message is stored twice",
    "no two people and no two topics have one name",
    "nobody is registered twice for one topic",
    "somebody is an active superuser",
}


def test_every_invariant_is_forged_here_or_refused_by_the_database():
    assert set(FORGED) | REFUSED == set(BROKEN)


def test_commitments_that_went_astray_are_found():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scheduling_commitment WHERE role = 'ta'")
    assert broken() == {"an active booking commits exactly its two people"}


def test_a_cancelled_session_with_bookings_is_found():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_appointment SET cancelled_at = %s", [timezone.now()])
    assert broken() == {
        "no active booking is in a cancelled session",
        "no open offer is of a time that was taken off",
    }
