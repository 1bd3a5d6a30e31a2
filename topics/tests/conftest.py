"""What tests of topics share: free time, pictures, throwaway receivers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import time, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.dispatch import Signal
from PIL import Image

from accounts.models import User
from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.services.plan import Plan
from setahub.core import clock as when
from topics.models import Topic


@pytest.fixture
def open_time() -> Callable[..., Appointment]:
    """``open_time(ta, topic, other_topic, days=1, start=13, end=15)``: slots of 30 minutes."""

    def make(
        ta: User, *topics: Topic, days: int = 1, start: int = 13, end: int = 15
    ) -> Appointment:
        day = when.today() + timedelta(days=days)
        plan = Plan(list(topics), day, time(start), time(end), 30, 1, "Room 504")
        return appointments.open_time(ta, plan)[0]

    return make


@pytest.fixture
def picture() -> Callable[..., SimpleUploadedFile]:
    """``picture(width, height)``: an uploaded PNG."""

    def make(width: int = 40, height: int = 20) -> SimpleUploadedFile:
        buffer = BytesIO()
        Image.new("RGB", (width, height), "orange").save(buffer, "PNG")
        return SimpleUploadedFile("my photo.png", buffer.getvalue(), "image/png")

    return make


@pytest.fixture
def receiving() -> Callable[..., AbstractContextManager[list[dict[str, Any]]]]:
    """``with receiving(signal, answer) as calls``: a throwaway receiver, and what it was told."""

    @contextmanager
    def connect(signal: Signal, answer: Any = None) -> Iterator[list[dict[str, Any]]]:
        calls: list[dict[str, Any]] = []

        def receiver(**told: Any) -> Any:
            calls.append(told)
            if isinstance(answer, Exception):
                raise answer
            return answer

        signal.connect(receiver)
        yield calls
        signal.disconnect(receiver)

    return connect
