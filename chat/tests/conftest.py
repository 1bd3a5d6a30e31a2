"""Conversations that tests of the chat need."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat import services
from chat.models import Message


@pytest.fixture
def say() -> Callable[..., Message]:
    """``say(student, ta, "Hello")``: a stored message."""

    def store(sender: User, recipient: User, text: str = "Hello", **more: Any) -> Message:
        return services.send(sender.pk, recipient.pk, uuid.uuid4(), text, **more)

    return store
