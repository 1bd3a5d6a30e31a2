"""A booking in a session, and the emails about it."""

import pytest
from django.core import mail

from scheduling.tests.factories import book, open_time, slots_of


@pytest.fixture
def session(ta, topic):
    return open_time(ta, topic, notes="Bring a laptop")


@pytest.fixture
def made(student, session):
    return book(student, slots_of(session)[0], question="Why does it rotate?")


@pytest.fixture
def sent(run_tasks):
    """``sent()``: the emails since the last time, by who got them; nobody gets two."""

    def emails() -> dict:
        mail.outbox.clear()
        run_tasks()
        found = {message.to[0]: message for message in mail.outbox}
        assert len(found) == len(mail.outbox)
        assert all(len(message.recipients()) == 1 for message in mail.outbox)
        return found

    return emails
