"""What a scheduling service raises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True)
class Conflict:
    """A day on which something can't be opened, and why, in words."""

    day: date
    reason: str


class SchedulingError(Exception):
    """A refusal in words that a user can read.

    ``code`` is for programs; ``status`` the HTTP status it deserves (409 a rule or a lost race, 422
    a field, 403 a role or a block); ``field`` the form field it belongs beside. Where the message
    is a list, ``heading`` is what stands before it, ``details`` or ``conflicts`` (the days that
    don't fit) its lines. ``seconds``: until one may try again, with a 429.
    """

    def __init__(
        self,
        code: str,
        message: "str | Promise",
        *,
        status: int = 409,
        field: str | None = None,
        heading: "str | Promise" = "",
        details: Sequence[Any] = (),
        conflicts: Sequence[Conflict] = (),
        seconds: int | None = None,
    ) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = str(message)
        self.status = status
        self.field = field
        self.heading = str(heading)
        self.details = list(details)
        self.conflicts = list(conflicts)
        self.seconds = seconds
