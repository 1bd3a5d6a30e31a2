"""Everything that changes the policy. Each change is logged, and counts in this process at once."""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from setahub.core.db.constraints import one_at_a_time
from setahub.policy import source
from setahub.policy.constraints import LOCK
from setahub.policy.models import ExamWeek, FacultyPolicy, PolicyChange


def change_policy(actor: User, numbers: Mapping[str, int | None]) -> list[PolicyChange]:
    """Set these numbers, by their field's name; None gives one back to the installation.

    Returns the log of what changed. Raises ValidationError.
    """
    with transaction.atomic():
        FacultyPolicy.objects.get_or_create(pk=FacultyPolicy.ONLY)
        row = FacultyPolicy.objects.select_for_update().get()
        changes = []
        for field, value in numbers.items():
            old = getattr(row, field)
            setattr(row, field, value)
            label = FacultyPolicy._meta.get_field(field).verbose_name  # type: ignore[union-attr]
            name = field.upper()
            changes.append((str(label), in_words(name, old), in_words(name, value)))
        row.full_clean(validate_constraints=False)
        row.save()
        return _log(actor, changes)


def save_exam_week(actor: User, week: ExamWeek) -> list[PolicyChange]:
    """Store a new or changed exam week; returns the log of it. Raises ValidationError."""
    with transaction.atomic():
        one_at_a_time(LOCK)
        week.full_clean()
        old = ExamWeek.objects.select_for_update().filter(pk=week.pk).first()
        week.save()
        return _log(actor, [(_("Exam week"), _describe(old), _describe(week))])


def delete_exam_week(actor: User, week: ExamWeek) -> list[PolicyChange]:
    """Take an exam week back; the ordinary numbers hold again on its days."""
    with transaction.atomic():
        changes = _log(actor, [(_("Exam week"), _describe(week), _("none"))])
        week.delete()
        return changes


def in_words(name: str, value: int | None) -> str:
    """A number of the policy as staff read it; None: the installation's own."""
    if value is None:
        return _("%(value)s (default)") % {"value": in_words(name, getattr(settings, name))}
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _describe(week: ExamWeek | None) -> str:
    if week is None:
        return _("none")
    parts = [str(week)]
    if week.max_active_bookings is not None:
        parts.append(_("bookings: %(most)d") % {"most": week.max_active_bookings})
    if week.booking_min_notice is not None:
        parts.append(_("notice: %(minutes)d min") % {"minutes": week.booking_min_notice})
    return "; ".join(parts)


def _log(actor: User, changes: list[tuple[str, str, str]]) -> list[PolicyChange]:
    transaction.on_commit(source.read)
    return [
        PolicyChange.objects.create(actor=actor, what=what, old=old, new=new)
        for what, old, new in changes
        if old != new
    ]
