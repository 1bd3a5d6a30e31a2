"""What staff changed in the policy, in the words of whoever reads it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from setahub.policy.models import ExamWeek, FacultyPolicy, PolicyChange


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    at: datetime
    actor: User
    what: str
    old: str
    new: str

    @classmethod
    def of(cls, change: PolicyChange) -> "Line":
        return cls(
            change.at, change.actor, label(change), in_words(change.before), in_words(change.after)
        )


def label(change: PolicyChange) -> str:
    """What was changed."""
    if change.what == PolicyChange.EXAM_WEEK:
        return _("Exam week")
    names = {each.name: each.verbose_name for each in FacultyPolicy._meta.local_fields}
    return str(names.get(change.what, change.what))


def in_words(value: Any) -> str:
    """A value of the log; a dictionary is the installation's own number, or an exam week."""
    if value is None:
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if not isinstance(value, dict):
        return str(value)
    if "default" in value:
        return _("%(value)s (default)") % {"value": in_words(value["default"])}
    days = {name: date.fromisoformat(value[name]) for name in ("first_day", "last_day")}
    parts = [str(ExamWeek(name=value["name"], **days))]
    if value["max_active_bookings"] is not None:
        parts.append(_("bookings: %(most)d") % {"most": value["max_active_bookings"]})
    if value["booking_min_notice"] is not None:
        parts.append(_("notice: %(minutes)d min") % {"minutes": value["booking_min_notice"]})
    return "; ".join(parts)
