"""Background work as the apps see it: tasks for the queue, and their part of the sweep.

A task is a function in an app's ``tasks.py`` under ``@task``. It takes ids only (staff see them in
the admin, and what they point at may have changed when it runs), ends well within a minute, and is
safe to run twice. One that raises is tried again (``setahub.core.work.worker``).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django_tasks import task as task  # which apps import from here
from django_tasks.base import Task

Part = Callable[[], object]

Row = TypeVar("Row")

logger = logging.getLogger(__name__)

_parts: list[Part] = []
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


class GiveUp(Exception):
    """Raised by a task that would fail in the same way again: it is not tried again."""


class InHand(Exception):
    """Raised by a task whose work another worker has begun; should that be killed, a later try does it."""


class TryLater(Exception):
    """Raised by a task that has been told to wait. ``seconds``: no sooner; the usual wait counts too."""

    def __init__(self, seconds: int = 0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def later(work: "Task[Any, Any]", *ids: int | str, after: timedelta = timedelta()) -> None:
    """Let a worker do this once the current transaction is committed, and only then.

    The queue is in the same database, so the task is part of the transaction: a process that is
    killed right after the commit loses nothing. ``after``: no sooner than so long from now.
    """
    if _quiet.get():
        return
    if work.get_backend().supports_defer:
        if after:
            work = work.using(run_after=timezone.now() + after)
        work.enqueue(*ids)
    else:  # the immediate backend, which some tests use, would run it now and here
        transaction.on_commit(partial(work.enqueue, *ids), robust=True)


def every_minute(part: Part) -> Part:
    """Make a function part of the sweep that every worker does each minute.

    Several workers may do it at the same moment: a part claims rows by a lock or a conditional
    update, and doing it again changes nothing.
    """
    _parts.append(part)
    return part


def one_by_one(rows: Iterable[Row], act: Callable[[Row], object]) -> None:
    """Do it to each row; where it fails is logged, and keeps no other row from its turn."""
    for row in rows:
        try:
            act(row)
        except (OperationalError, InterfaceError):
            raise  # the database is away, for all of them
        except Exception:
            logger.exception("%s failed for %s", act, getattr(row, "pk", row))


@contextmanager
def nothing_queued() -> Iterator[None]:
    """What is done in here queues no tasks: made-up people get no emails."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


def parts_of_sweep() -> list[Part]:
    return list(_parts)
