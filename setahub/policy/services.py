"""Everything that changes the policy. Each change is logged, and counts in this process at once."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.forms import model_to_dict

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
        for field, number in numbers.items():
            old = getattr(row, field)
            setattr(row, field, number)
            name = field.upper()
            changes.append((field, value(name, old), value(name, number)))
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
        return _log(actor, [(PolicyChange.EXAM_WEEK, _of_week(old), _of_week(week))])


def delete_exam_week(actor: User, week: ExamWeek) -> list[PolicyChange]:
    """Take an exam week back; the ordinary numbers hold again on its days."""
    with transaction.atomic():
        changes = _log(actor, [(PolicyChange.EXAM_WEEK, _of_week(week), None)])
        week.delete()
        return changes


def value(name: str, number: int | None) -> Any:
    """A number of the policy as the log keeps it; None: the installation's own."""
    return {"default": getattr(settings, name)} if number is None else number


def _of_week(week: ExamWeek | None) -> Any:
    return week and model_to_dict(week, exclude=["id"])


def _log(actor: User, changes: list[tuple[str, Any, Any]]) -> list[PolicyChange]:
    transaction.on_commit(source.read)
    return [
        PolicyChange.objects.create(actor=actor, what=what, old=_json(old), new=_json(new))
        for what, old, new in changes
        if old != new
    ]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
