"""Students who wait, and a seat that comes free."""

from datetime import timedelta

import pytest

from scheduling.services import requests
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.offers.steps import MINUTE
from setahub.core import clock as when


@pytest.fixture
def asks(topic, clock):
    """Has somebody ask for time on the topic, a minute after the one before."""

    def ask(person, about=topic, **wish):
        clock.shift(MINUTE)
        days = {"from_day": when.today(), "to_day": when.today() + timedelta(days=13)}
        return requests.ask(person, about, f"Why, asks {person}?", **{**days, **wish})

    return ask


@pytest.fixture
def people(make_user):
    return [make_user(f"Student {number}") for number in range(6)]


@pytest.fixture
def taken(ta, topic, student):
    """Tomorrow from 13:00 one slot of one seat, which the student has booked."""
    return book(student, slots_of(open_time(ta, topic, end="13:30"))[0])
