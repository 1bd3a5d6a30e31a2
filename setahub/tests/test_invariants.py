"""The storm's invariants hold for what the services make, and each is broken by what breaks it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.services import blocks
from bench.storm import invariants
from bench.storm.invariants import BROKEN
from chat import services as chat
from scheduling.services import bookings, offers, requests
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock", "world")


@pytest.fixture
def world(clock, student, stranger, ta, topic, staff, make_user):
    """Bookings that were made, moved, cancelled and settled, what was written about them, an offer."""
    slots = slots_of(open_time(ta, topic, capacity=2))
    book(stranger, slots[0])
    bookings.move(book(student, slots[1]), student, slots[0].pk)
    bookings.cancel(book(student, slots[2]), student, "Ill")
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


def broken() -> set[str]:
    with connection.cursor() as cursor:
        return set(invariants.broken(cursor, 0, timezone.now()))


def test_all_hold():
    assert broken() == set()


FORGED = {
    "a slot has as many seats as its session says": (
        "UPDATE scheduling_appointment SET capacity = 3"
    ),
    "an active booking is for a topic of its session": (
        "DELETE FROM scheduling_appointment_topics"
    ),
    "a session has a slot and a topic": "DELETE FROM scheduling_appointment_topics",
    "a slot lies within its session": (
        "UPDATE scheduling_appointment SET ends_at = (SELECT min(ends_at) FROM scheduling_timeslot)"
        " WHERE slot_minutes = 30 AND starts_at < (SELECT min(ends_at) FROM scheduling_timeslot)"
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
