"""Cards of bookings tell what happened, and never the way into the room."""

from dataclasses import replace

import pytest

from chat import frames
from chat.models import Message
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_time, slots_of

ROOM = "https://meet.example/room-1"
NEW_ROOM = "https://meet.example/room-2"
SECRETS = ("meet.example", "Knock twice", "Knock thrice")
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def cancelled(student, ta, topic):
    """A booking of a room that was changed, and then cancelled by its TA."""
    opened = open_time(ta, topic, location=ROOM, notes="Knock twice")
    made = book(student, slots_of(opened)[0])
    bookings.move(made, student, slots_of(opened)[2].pk)
    opened.refresh_from_db()
    changed = replace(Plan.of(opened), location=NEW_ROOM, notes="Knock thrice")
    appointments.edit(opened, ta, changed)
    made.refresh_from_db()
    return bookings.cancel(made, ta, "I am ill")


def cards():
    rows = Message.objects.filter(kind=Message.Kind.BOOKING).order_by("pk")
    return rows.select_related("sender", "event__booking__topic")


@pytest.mark.parametrize(
    "whole", ["/messages/{ta}/", "/messages/{ta}/history/?after=0", "/messages/"]
)
def test_pages_of_the_student_lead_to_no_room(sign_in, student, ta, cancelled, whole):
    page = sign_in(student).get(whole.format(ta=ta.pk)).content.decode()
    assert "I am ill" in page or "Cancelled:" in page
    assert not [secret for secret in SECRETS if secret in page]


def test_live_frames_lead_to_no_room(student, ta, cancelled):
    told = [frames.message(card, viewer=student.pk, other=ta.pk) for card in cards()]
    assert [frame["kind"] for frame in told] == ["booking"] * 3
    assert "I am ill" in told[-1]["html"]
    assert told[-1]["text"] == "I am ill"
    assert not [secret for secret in SECRETS if secret in str(told)]
