"""Telling a server, disk or installation that fails us from a mistake of ours."""

import errno
from typing import Literal

from django.db import DatabaseError, InterfaceError, OperationalError
from psycopg import Error
from psycopg_pool import PoolTimeout

Trouble = Literal["away", "busy", "full", "unfinished"]


class Unfinished(ValueError):
    """A step of the installation was left out. A ValueError, which libraries expect there."""


# SQLSTATEs and classes of them (PostgreSQL manual, appendix A). Nothing can be written: disk full,
# a server that only reads. Data that can't be read is as good as away.
_FULL = ("53100", "25006")
_DAMAGED = ("58030", "XX001", "XX002")
# A deadlock, too little of something, a lock not to be had; a statement cancelled for its length.
_BUSY = ("40", "53", "55", "57014")

# The same in the words of SQLite, which has no codes that reach us.
_WORDS: dict[str, Trouble] = {
    "locked": "busy",
    "disk is full": "full",
    "readonly database": "full",
    "unable to open": "away",
    "disk I/O error": "away",
    "malformed": "away",
    "not a database": "away",
}

_DISK = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO
)  # fmt: skip


def trouble(error: BaseException | None) -> Trouble | None:
    """What is wrong, where it is no mistake in the code that met it; else None.

    ``away``: a database not to be reached, lost on the way, or damaged. ``busy``: it answers, but
    took too long. ``full``: it, or the disk of the uploads, takes no writes. ``unfinished``: static
    files were not collected.
    """
    if isinstance(error, Unfinished):
        return "unfinished"
    if isinstance(error, OSError):
        return "full" if error.errno in _DISK else None
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    cause = error.__cause__
    if isinstance(cause, Error):
        return _of_postgres(error, cause)
    text = str(error)
    return next((kind for words, kind in _WORDS.items() if words in text), None)


def _of_postgres(error: Exception, cause: Error) -> Trouble | None:
    code = cause.sqlstate or ""
    if code in _FULL:
        return "full"
    if code in _DAMAGED:
        return "away"
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    busy = isinstance(cause, PoolTimeout) or code.startswith(_BUSY)
    return "busy" if busy else "away"
