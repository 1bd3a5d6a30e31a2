"""Telling a database that is away, or only slow, from a mistake of ours."""

from typing import Literal

from django.db import InterfaceError, OperationalError
from psycopg import Error
from psycopg_pool import PoolTimeout

Trouble = Literal["away", "busy"]

# SQLSTATE classes (PostgreSQL manual, appendix A): a deadlock, too little of something, a lock not
# to be had; and the code of a statement that was cancelled for its length.
_BUSY = ("40", "53", "55", "57014")


def trouble(error: BaseException | None) -> Trouble | None:
    """``away``: not to be reached, or lost on the way. ``busy``: it answers, but took too long."""
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    cause = error.__cause__
    if isinstance(cause, Error):
        busy = isinstance(cause, PoolTimeout) or (cause.sqlstate or "").startswith(_BUSY)
        return "busy" if busy else "away"
    # SQLite has but words: with any others it complains of our SQL.
    text = str(error)
    if "locked" in text:
        return "busy"
    return "away" if "unable to open" in text or "disk I/O" in text else None
