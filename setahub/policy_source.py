"""What staff changed in the policy, kept in memory: rules ask often, and staff change seldom.

The database is asked in a thread of its own, so a request neither waits for it nor pays a query,
and a failure there reaches no transaction of a request. Another process's change counts after LIFE
seconds at most, this process's at once. While the database can't be read, what was known holds, and
before that the settings do.
"""

import logging
from datetime import timedelta
from threading import Lock, Thread
from time import monotonic

from django.db import connection

from setahub.lib.policy import NO_CHANGES, Changes
from setahub.lib.policy import ExamWeek as Week
from setahub.models import ExamWeek, FacultyPolicy

logger = logging.getLogger(__name__)

LIFE = 5.0  # seconds
FIRST_WAIT = 1.0  # seconds that the first use in a process waits at most

_reading = Lock()
_known: Changes = NO_CHANGES
_read_at: float | None = None  # monotonic seconds; None: never


def changes() -> Changes:
    """What is known; asks again behind the scenes when that is old."""
    first = _read_at is None
    if first or (_is_old() and not _reading.locked()):
        reader = Thread(target=_read_apart, name="policy", daemon=True)
        reader.start()
        if first:
            reader.join(FIRST_WAIT)
    return _known


def read() -> None:
    """Ask the database now, on this thread's connection; called after a change is committed."""
    with _reading:
        _read()


def keep(known: Changes) -> None:
    """Take this for what was just read."""
    global _known, _read_at
    _known, _read_at = known, monotonic()


def _is_old() -> bool:
    return _read_at is None or monotonic() - _read_at > LIFE


def _read_apart() -> None:
    with _reading:
        if not _is_old():
            return  # another thread was faster
        try:
            _read()
        finally:
            connection.close()


def _read() -> None:
    known = _known
    try:
        known = _from_database()
    except Exception as error:  # whatever is wrong there, rules go on with what was known
        logger.warning("Policy can't be read, going on as before: %s", type(error).__name__)
    keep(known)


def _from_database() -> Changes:
    row = FacultyPolicy.objects.first()
    weeks = [
        Week(
            week.first_day,
            week.last_day,
            week.max_active_bookings,
            None if week.booking_min_notice is None else timedelta(minutes=week.booking_min_notice),
        )
        for week in ExamWeek.objects.order_by("first_day")
    ]
    return Changes(row.changed if row else {}, weeks)
