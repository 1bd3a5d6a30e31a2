"""The terms of an academic year, as records are summed up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from setahub.core import clock

SUMMER = 3


@dataclass(frozen=True, order=True)
class Term:
    """``first`` and ``last`` day; ``number``: 1, 2, or 3 for the summer; ``year``: the one in which the
    academic year began."""

    first: date
    last: date
    number: int
    year: int

    @classmethod
    def on(cls, day: date) -> "Term":
        """The one that a day lies in."""
        begins = settings.TERM_MONTHS
        # From the newest beginning on or before the day: those of this calendar year and the last.
        starts = sorted(
            (date(year, month, 1), number)
            for year in (day.year - 1, day.year, day.year + 1)
            for number, month in enumerate(begins, start=1)
        )
        at = max(index for index, (first, _number) in enumerate(starts) if first <= day)
        first, number = starts[at]
        last = starts[at + 1][0] - timedelta(days=1)
        return cls(first, last, number, first.year if first.month >= begins[0] else first.year - 1)

    @property
    def name(self) -> str:
        """``Semester 1, 2026``, in Thai ``ภาคเรียนที่ 1/2569``."""
        year = clock.year(date(self.year, 1, 1))
        if self.number == SUMMER:
            return _("Summer term %(year)d") % {"year": year}
        return _("Semester %(number)d, %(year)d") % {"number": self.number, "year": year}


def terms_of(days: Iterable[date]) -> list[Term]:
    """The terms that any of the days lies in, newest first."""
    return sorted({Term.on(day) for day in days}, reverse=True)
