"""People and topics that only tests of the calendar need."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from scheduling.tests.factories import tomorrow
from topics.models import Registration, Topic


@pytest.fixture
def second_topic(ta: User, creator: User) -> Topic:
    """Another topic that ``ta`` teaches."""
    topic = Topic.objects.create(name="Functional Programming", slug="fp", creator=creator)
    Registration.objects.create(user=ta, topic=topic)
    return topic


@pytest.fixture
def other_ta(make_user: Callable[..., User], topic: Topic) -> User:
    """Another TA of ``topic``."""
    user = make_user("Other TA")
    Registration.objects.create(user=user, topic=topic)
    return user


@pytest.fixture
def ta_client(ta: User, sign_in: Callable[[User], Client]) -> Client:
    """The TA's browser."""
    return sign_in(ta)


@pytest.fixture
def form(topic: Topic) -> dict[str, Any]:
    """A right form for a session: tomorrow from 13 to 15, four slots of two seats."""
    return {
        "topics": [topic.pk],
        "date": tomorrow().isoformat(),
        "start_time": "13:00",
        "end_time": "15:00",
        "slot_minutes": "30",
        "capacity": "2",
        "location": "Room 504",
        "notes": "",
    }
