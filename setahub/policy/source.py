"""What staff changed in the policy, kept in memory: rules ask often, and staff change seldom.

The database is asked in a thread of its own, so a request pays no query, and a failure there
reaches no transaction of a request. A busy process asks ahead of time and never waits; one that was
idle waits for the answer, so that no rule goes by anything older than LIFE seconds. This process's
own changes count at once. While the database can't be read, what was known holds, and before that
the settings do.
"""

import logging
from datetime import timedelta
from threading import Lock, Thread
from time import monotonic

from django.db import connection

from setahub.policy import current
from setahub.policy.current import NO_CHANGES, Changes
from setahub.policy.models import ExamWeek, FacultyPolicy

logger = logging.getLogger(__name__)

LIFE = 5.0  # seconds
PATIENCE = 1.0  # seconds that somebody waits at most for an answer

_reading = Lock()
_starting = Lock()
_reader: Thread | None = None  # the latest thread that asks
_given_up: Thread | None = None  # one that was waited for in vain
_known: Changes = NO_CHANGES
_read_at: float | None = None  # monotonic seconds when the reading began; None: never


def changes() -> Changes:
    """What is known, LIFE seconds old at most; from half that age on it is asked for anew."""
    if _is_older_than(LIFE / 2):
        reader = _ask()
        if _is_older_than(LIFE):
            _wait(reader)
    return _known


def _ask() -> Thread:
    """The thread that is asking, or one that begins to."""
    global _reader
    with _starting:
        if _reader is None or not _reader.is_alive():
            _reader = Thread(target=_read_apart, name="policy", daemon=True)
            _reader.start()
        return _reader


def _wait(reader: Thread) -> None:
    """Once for a reading that hangs, and not at every use."""
    global _given_up
    if reader is not _given_up:
        reader.join(PATIENCE)
        if reader.is_alive():
            _given_up = reader


def read() -> None:
    """Ask the database now, on this thread's connection; called after a change is committed."""
    with _reading:
        _read()


def keep(known: Changes, begun: float | None = None) -> None:
    """Take this for what was just read, by a reading that began then (else: now)."""
    global _known, _read_at
    _known, _read_at = known, monotonic() if begun is None else begun


def _is_older_than(seconds: float) -> bool:
    return _read_at is None or monotonic() - _read_at > seconds


def _read_apart() -> None:
    with _reading:
        if not _is_older_than(LIFE / 2):
            return  # a change was just read
        try:
            _read()
        finally:
            connection.close()


def _read() -> None:
    known, begun = _known, monotonic()
    try:
        known = _from_database()
    except Exception as error:  # whatever is wrong there, rules go on with what was known
        logger.warning("Policy can't be read, going on as before: %s", type(error).__name__)
    keep(known, begun)


def _from_database() -> Changes:
    row = FacultyPolicy.objects.first()
    weeks = [
        current.ExamWeek(
            week.first_day,
            week.last_day,
            week.max_active_bookings,
            None if week.booking_min_notice is None else timedelta(minutes=week.booking_min_notice),
        )
        for week in ExamWeek.objects.order_by("first_day")
    ]
    return Changes(row.changed if row else {}, weeks)
