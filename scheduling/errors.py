"""What a scheduling service raises."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from setahub.core.web.refusals import Refusal

CONFLICT = "conflict"  # code of the refusal whose details are Conflicts


@dataclass(frozen=True)
class Conflict:
    """A day on which something can't be opened, and why, in words."""

    day: date
    reason: str


class SchedulingError(Refusal):
    """What the calendar does not do. ``obstacles``: all of the student's own, where a rule looked at them."""

    obstacles: Any = None
