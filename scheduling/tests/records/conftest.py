"""What a TA has given."""

from datetime import timedelta

import pytest

from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of


@pytest.fixture
def session(ta, topic):
    """Tomorrow from 13 to 15, four slots of two seats."""
    return open_time(ta, topic, capacity=2)


@pytest.fixture
def given(clock, session, student):
    """The first slot, completed by its TA; now it is the day after."""
    made = book(student, slots_of(session)[0])
    clock.move_to(session.ends_at + timedelta(minutes=1))
    return bookings.complete(made, made.ta)
