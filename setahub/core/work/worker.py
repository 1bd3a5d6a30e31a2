"""The background worker: the task queue, and the sweep every minute.

django-tasks' database queue brings the table and nothing else; retries, recovery and patience with
the database are here. Any number of workers on any number of machines share one queue.

- A worker that takes a task holds it for LEASE (kept in ``run_after``). A task still running after
  that belonged to a worker that was killed: the sweep puts it back.
- A task that raises is tried again after the next of DELAYS, or later where it was told so
  (``TryLater``); after the last it is ``FAILED``, which staff see in the admin, where they can have
  it tried again.
- While the database is away the worker waits for it.
"""

import logging
import os
import signal
import socket
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from traceback import format_exception
from types import FrameType
from typing import Any

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, TaskResultStatus
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet, get_date_max

from setahub.core.outage import trouble
from setahub.core.server import logs
from setahub.core.work.tasks import GiveUp, TryLater, parts_of_sweep

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # for work that takes seconds
DELAYS = [  # eleven hours in all: a mail server may be away for a night
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
]
KEEP_DONE = timedelta(days=7)
KEEP_FAILED = timedelta(days=90)
POLL = 1.0  # seconds between two looks into an empty queue
SWEEP_EVERY = 60.0  # seconds
PATIENCE = 15.0  # seconds, the longest wait between two tries to reach the database

DATABASE_FAILS = (DatabaseError, InterfaceError)


class Killed(Exception):
    """What a task is marked with whose workers kept dying of it."""


# --- The queue ----------------------------------------------------------------------------------


def take(worker: str) -> DBTaskResult | None:
    """Take the next task that is due, or None. No two workers get the same one."""
    due = DBTaskResult.objects.ready().filter(backend_name=DEFAULT_TASK_BACKEND_ALIAS)
    if not due.exists():  # so that looking takes no write lock on SQLite
        return None
    with transaction.atomic():
        row = due.get_locked()
        if row is not None:
            row.status = TaskResultStatus.RUNNING
            row.started_at = timezone.now()
            row.run_after = row.started_at + LEASE
            row.worker_ids = [*row.worker_ids, worker]
            row.save(update_fields=["status", "started_at", "run_after", "worker_ids"])
    return row


def outcome_of(row: DBTaskResult) -> dict[str, Any]:
    """Do the task; what is to be written about it."""
    try:
        row.task.call(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
    except Exception as error:
        return _failure(row, error)
    return {
        "status": TaskResultStatus.SUCCESSFUL,
        "finished_at": timezone.now(),
        "exception_class_path": "",
        "traceback": "",
    }


def settle(row: DBTaskResult, outcome: dict[str, Any]) -> None:
    """Write how a task went, unless it is no longer this worker's."""
    _as_taken(row).update(**outcome)


def recover() -> int:
    """Put tasks back that a killed worker left running. Returns how many."""
    now = timezone.now()
    # Without a lease: taken by django-tasks-db's own worker.
    unleased = Q(run_after=get_date_max(), started_at__lt=now - LEASE)
    left = DBTaskResult.objects.running().filter(Q(run_after__lt=now) | unleased)
    return sum(_as_taken(row).update(**_put_back(row)) for row in left)


def try_again(rows: DBTaskResultQuerySet) -> int:
    """Queue failed tasks anew, with all their tries. Returns how many."""
    return rows.failed().update(
        status=TaskResultStatus.READY, run_after=timezone.now(), finished_at=None, worker_ids=[]
    )


def prune() -> None:
    """Forget tasks that are done; failed ones stay long enough to be seen.

    Those that others had wait until it was too late (a push service that was away) go like those done.
    """
    now = timezone.now()
    done, failed = DBTaskResult.objects.successful(), DBTaskResult.objects.failed()
    in_vain = failed.filter(exception_class_path=_path(TryLater))
    for old in (done, in_vain):
        old.filter(finished_at__lt=now - KEEP_DONE).delete()
    failed.filter(finished_at__lt=now - KEEP_FAILED).delete()


def _as_taken(row: DBTaskResult) -> DBTaskResultQuerySet:
    """The row, if it still runs as it was read: the moment it was taken tells it from later."""
    return DBTaskResult.objects.running().filter(pk=row.pk, started_at=row.started_at)


def _failure(row: DBTaskResult, error: Exception) -> dict[str, Any]:
    tries = len(row.worker_ids)
    told: dict[str, Any] = {
        "exception_class_path": _path(type(error)),
        "traceback": logs.without_people("".join(format_exception(error))),
    }
    now = timezone.now()
    if tries > len(DELAYS) or isinstance(error, GiveUp):
        # An outage is no fault of the code: the class says it all.
        trace = None if isinstance(error, GiveUp | TryLater | OSError) else error
        logger.error("%s failed for good: %s", _name(row), type(error).__name__, exc_info=trace)
        return told | {"status": TaskResultStatus.FAILED, "finished_at": now}
    delay = DELAYS[tries - 1]
    if isinstance(error, TryLater):
        delay = max(delay, timedelta(seconds=error.seconds))
    logger.warning(
        "%s failed, try %d: %s; again in %s", _name(row), tries, type(error).__name__, delay
    )
    return told | {"status": TaskResultStatus.READY, "run_after": now + delay}


def _put_back(row: DBTaskResult) -> dict[str, Any]:
    """What becomes of a task whose worker is gone: queued again, unless that happens always."""
    if len(row.worker_ids) > len(DELAYS):
        return _failure(row, Killed("Every worker that took this task was killed."))
    logger.warning("%s was left running by a worker that is gone; queued again", _name(row))
    return {"status": TaskResultStatus.READY, "run_after": timezone.now()}


def _path(error: type[Exception]) -> str:
    return f"{error.__module__}.{error.__qualname__}"


def _name(row: DBTaskResult) -> str:
    return f"Task {row.pk} {row.task_path}"


# --- The worker ---------------------------------------------------------------------------------


class Worker:
    """One process that works until it is told to stop."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{get_random_string(6)}"
        self._stop = Event()
        self._away = 0  # tries in vain to reach the database
        self._sweep_at = monotonic()

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """End after the task in hand. A second signal ends the process at once."""
        if self._stop.is_set() and number:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._stop.set()

    def run(self) -> None:
        """Work until stopped."""
        logger.info("Worker %s started", self.name)
        while not self._stop.is_set():
            self._beat()
        logger.info("Worker %s stopped", self.name)

    def once(self) -> int:
        """One sweep, and all tasks that are due. Returns how many those were."""
        self._sweep()
        count = 0
        while not self._stop.is_set() and self._work():
            count += 1
        return count

    def _beat(self) -> None:
        """The sweep if its time has come, then one task; without any, a pause."""
        try:
            if monotonic() >= self._sweep_at:
                self._sweep()
            worked = self._work()
        except DATABASE_FAILS as error:
            if not _is_outage(error):
                raise
            self._wait_for_database(error)
            return
        if self._away:
            logger.info("The database is back")
            self._away = 0
        if not worked:
            self._stop.wait(POLL)

    def _work(self) -> bool:
        """Do one task, if one is due."""
        _mend_connection()
        row = take(self.name)
        if row is None:
            return False
        outcome = outcome_of(row)
        while True:
            _mend_connection()
            try:
                settle(row, outcome)
                return True
            except DATABASE_FAILS as error:
                # What is done but not noted would be done again: worth waiting for.
                if self._stop.is_set() or _is_over(row.run_after) or not _is_outage(error):
                    raise
                self._wait_for_database(error)

    def _sweep(self) -> None:
        self._sweep_at = monotonic() + SWEEP_EVERY
        _mend_connection()
        recover()  # raises when the database is away, so that one line tells it
        for part in parts_of_sweep():
            _mend_connection()
            try:
                part()
            except Exception:
                logger.exception("%s.%s failed", part.__module__, part.__qualname__)

    def _wait_for_database(self, error: Exception) -> None:
        if not self._away:
            logger.error("The database is away, waiting for it: %s", type(error).__name__)
        self._away += 1
        self._stop.wait(min(2.0 ** (self._away - 1), PATIENCE))


def _mend_connection() -> None:
    """Drop a connection that broke, as Django does around a request."""
    if not connection.in_atomic_block:  # a test's transaction must outlive it
        close_old_connections()


def _is_outage(error: Exception) -> bool:
    """Also a table that is not there yet: migrations may be running."""
    return isinstance(error, OperationalError | InterfaceError) or trouble(error) is not None


def _is_over(moment: datetime) -> bool:
    return moment <= timezone.now()
