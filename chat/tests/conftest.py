"""Conversations that tests of the chat need."""

import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from accounts.tests.push.conftest import phone, push_service, with_key, work  # noqa: F401
from chat import services
from chat.models import Message
from chat.tests.servers import redis_server

# Tests with a Redis of their own; the root conftest says in one line that they are left out.
NEED_REDIS = ["test_servers.py", "test_processes.py", "test_redis_away.py"]
collect_ignore = [] if redis_server() or os.environ.get("CI") else NEED_REDIS


@pytest.fixture
def say() -> Callable[..., Message]:
    """``say(student, ta, "Hello")``: a stored message."""

    def store(sender: User, recipient: User, text: str = "Hello", **more: Any) -> Message:
        return services.send(sender.pk, recipient.pk, uuid.uuid4(), text, **more)

    return store
