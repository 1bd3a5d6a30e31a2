"""The page that stands in for others while the site can't be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from scheduling.models import Booking
from scheduling.queries.bookings import coming_students, taken

TEMPLATE = "offline.html"
BOOKINGS = 10


@dataclass(frozen=True)
class Coming:
    """A booking of the reader; ``gives``: as its TA."""

    booking: Booking
    gives: bool


@dataclass(frozen=True)
class Offline:
    """The reader's next bookings, taken and given, soonest first, as they were ``seen`` at a moment."""

    coming: Sequence[Coming]
    seen: datetime

    @classmethod
    def of(cls, user: User) -> "Offline":
        now = timezone.now()
        rows = [
            *(Coming(each, gives=False) for each in taken(user.pk, now, tab="upcoming")[:BOOKINGS]),
            *(Coming(each, gives=True) for each in coming_students(user.pk, now)[:BOOKINGS]),
        ]
        rows.sort(key=lambda row: (row.booking.starts_at, row.booking.pk))
        return cls(rows[:BOOKINGS], now)


def of_nobody(language: str) -> str:
    """The page as whoever is not signed in gets it."""
    with translation.override(language):
        return render_to_string(TEMPLATE)
