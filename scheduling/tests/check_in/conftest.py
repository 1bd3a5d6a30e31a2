"""A session of tomorrow, the student's seat in it, and its code."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling.services import check_ins
from scheduling.tests.factories import book, open_time, slots_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(clock, ta, topic):
    """Tomorrow from 13 to 15."""
    return open_time(ta, topic, capacity=3)


@pytest.fixture
def booked(session, student):
    """The student's seat from 13:30 to 14."""
    return book(student, slots_of(session)[1])


@pytest.fixture
def path(booked):
    return f"/bookings/{booked.pk}/check-in/"


@pytest.fixture
def scan_path(session):
    return f"/check-in/{session.pk}/"


def code(session, moment=None) -> str:
    return check_ins.code_of(session.pk, moment or timezone.now())


def wrong(session) -> str:
    return f"{(int(code(session)) + 1) % 10**6:06}"


@pytest.fixture
def on_time(booked, clock):
    clock.move_to(booked.starts_at + MINUTE)
