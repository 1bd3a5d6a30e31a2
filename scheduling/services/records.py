"""Issuing a record of a TA's hours, and taking it back."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Record
from scheduling.queries.hours import seats_of
from scheduling.queries.sums import sum_up, within
from setahub.core import clock
from setahub.core.web import ratelimit
from setahub.policy.current import policy

DAY = timedelta(days=1)


def issue(ta: User, from_day: date, to_day: date) -> Record:
    """Freeze the TA's hours on these days, both included, under an address of its own.

    Where one that stands says the very same, that one. Raises SchedulingError.
    """
    check_days(from_day, to_day)
    with transaction.atomic():
        [ta] = User.objects.locked(ta.pk)
        hours = sum_up(within(seats_of(ta), from_day, to_day))
        said = {
            "name": ta.username,
            "sums": asdict(hours.total),
            "topics": [{"name": name, **asdict(one)} for name, one in hours.topics],
        }
        same = Record.objects.of(ta.pk).standing().filter(from_day=from_day, to_day=to_day)
        for before in same:
            if all(getattr(before, field) == value for field, value in said.items()):
                return before
        _check_rate(ta)
        return Record.objects.create(ta=ta, from_day=from_day, to_day=to_day, **said)


def check_days(from_day: date, to_day: date) -> None:
    """A span in the right order that has begun."""
    if to_day < from_day:
        raise SchedulingError(
            "invalid", _("The last day can't be before the first."), field="to_day"
        )
    if from_day > clock.today():
        raise SchedulingError("invalid", _("These days haven't begun yet."), field="from_day")


def _check_rate(ta: User) -> None:
    """Counts what is stored, under the TA's lock."""
    since = timezone.now() - DAY
    if ratelimit.is_on() and Record.objects.of(ta.pk).since(since).count() >= policy.records_a_day:
        raise SchedulingError(
            "rate_limited",
            _("You have issued many records today. Please go on tomorrow."),
            seconds=int(DAY.total_seconds()),
        )


def take_back(record: Record, actor: User) -> Record:
    """Its TA takes a record back: whoever opens its address is told so. Once is enough."""
    if record.ta_id != actor.pk:
        raise SchedulingError("role", _("Only its TA can take a record back."))
    return _end(record, Record.End.TAKEN_BACK)


def revoke(record: Record) -> Record:
    """The same by the staff."""
    return _end(record, Record.End.STAFF)


def _end(record: Record, end: Record.End) -> Record:
    with transaction.atomic():
        record = Record.objects.select_for_update(no_key=True).get(pk=record.pk)
        if record.stands:
            record.end, record.ended_at = end, timezone.now()
            record.save(update_fields=["end", "ended_at"])
    return record


def forget(user: User) -> None:
    """Of a deleted account's records nothing is left but that they have ended, at their addresses."""
    gone: dict[str, Any] = {"name": "", "from_day": None, "to_day": None, "sums": {}, "topics": []}
    Record.objects.filter(ta=user).update(
        **gone, end=Record.End.DELETED, ended_at=Coalesce("ended_at", timezone.now())
    )
