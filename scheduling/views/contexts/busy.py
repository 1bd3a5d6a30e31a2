"""What the page of one's own calendars shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.models import BusyCalendar
from scheduling.queries.busy import calendars_of


@dataclass(frozen=True)
class Named:
    """A calendar that one has named, and what keeps it from being read, in words, or ""."""

    calendar: BusyCalendar
    why: str


def named_by(user: User) -> Sequence[Named]:
    """In the order in which they were named. One query."""
    return [Named(each, _why(each.error)) for each in calendars_of(user)]


def _why(code: str) -> str:
    if not code:
        return ""
    if code == "no_calendar":
        return _("What lies there is no calendar. Copy the address that ends in .ics.")
    if code in ("too_large", "too_complex"):
        return _("It is too large to be read.")
    if code in ("inside", "address"):
        return _("Its address does not lead to the open internet.")
    if code == "status":
        return _("It is not given out there. Its address may have changed.")
    return _("It does not answer.")
