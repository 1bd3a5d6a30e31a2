"""What log lines carry, and what they leave out."""

import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from urllib.parse import quote
from uuid import uuid4

from django.conf import settings

from setahub.core.outage import trouble

# The id of the request that is being answered; every line logged meanwhile carries it.
request_id: ContextVar[str] = ContextVar("request_id", default="")
# Whose socket it is, once it is known; requests tell it themselves.
user_id: ContextVar[int] = ContextVar("user_id", default=0)

# Of an error of PostgreSQL, what quotes rows and statements: up to the next error of the chain.
_QUOTED = re.compile(
    r"^(DETAIL|CONTEXT|QUERY|LINE \d+):.*?(?=^(Traceback |The above |During handling )|\Z)",
    re.MULTILINE | re.DOTALL,
)

# A mail server's refusal names the address; so does whoever quotes one.
_ADDRESS = re.compile(r"[^\s<>()\[\]{}\"',;:=]+@[^\s<>()\[\]{}\"',;:=]+")

_GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")


def id_for_request(given: str | None) -> str:
    """The id that the proxy gave, when it is one; else a new one."""
    return given if given and _GIVEN.fullmatch(given) else uuid4().hex


def without_people(text: str) -> str:
    """A traceback without the rows that the database quotes in it, and without addresses."""
    return _ADDRESS.sub("(address)", _QUOTED.sub("(left out)\n", text))


def shown_path(path: str) -> str:
    """The path as logs may show it: in printable ASCII, of bounded length, its secrets left out."""
    for start in settings.SECRET_PATHS:
        if path.startswith(start) and path != start:
            path = f"{start}..."
    return quote(path, safe="/:@+,;=")[:200]


class RequestLines(logging.Filter):
    """Gives every record the request's id, and keeps what Django says of requests short.

    A refused request (4xx) has its own line in the access log already, and so has one that a page
    answered by saying what is away (503). An outage is no mistake in
    the code that met it, so its traceback says nothing, and one line in PAUSE seconds is enough.
    """

    PAUSE = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}  # by the kind of trouble: when

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        if record.name == "django.request":
            said_so = getattr(record, "status_code", 0) == 503 and not record.exc_info
            if record.levelno < logging.ERROR or said_so:
                return False
            if isinstance(record.args, tuple):
                record.args = tuple(
                    shown_path(each) if isinstance(each, str) and each.startswith("/") else each
                    for each in record.args
                )
        error = record.exc_info[1] if record.exc_info else None
        why = trouble(error)
        if record.name.startswith("django.security") or why in ("away", "full", "unfinished"):
            record.exc_info = record.exc_text = None
        if why and record.name == "django.request":
            now = monotonic()
            if now - self._told.get(why, -self.PAUSE) < self.PAUSE:
                return False
            self._told[why] = now
            said = error if why == "unfinished" else type(error).__name__
            record.msg, record.args = f"{record.getMessage()} ({said})", ()
        return True


class Line(logging.Formatter):
    """A formatter with times in UTC, whose tracebacks don't quote what people have written.

    Processes differ in the zone they know. PostgreSQL adds rows and statements to its errors, with
    the values in them.
    """

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds")[:-6] + "Z"

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return without_people(super().formatException(ei)).rstrip()


class OncePerOutage(logging.Filter):
    """Of a library that complains again and again while a server is away, the first line alone."""

    PAUSE = 10.0  # seconds without a complaint after which the next one is news

    def __init__(self) -> None:
        super().__init__()
        self._last = -self.PAUSE

    def filter(self, record: logging.LogRecord) -> bool:
        before, self._last = self._last, monotonic()
        if self._last - before < self.PAUSE:
            return False
        if record.exc_info and record.exc_info[1]:
            record.msg = f"{record.getMessage()} ({type(record.exc_info[1]).__name__})"
            record.args = ()
        record.exc_info = record.exc_text = None
        return True
