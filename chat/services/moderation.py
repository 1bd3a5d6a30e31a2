"""What staff do with reports: look at them, each look being kept, and resolve them."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import AccountError, suspend
from chat import tasks
from chat.models import Message, Report, ReportLook
from setahub.core.text import is_blank
from setahub.core.work.tasks import later

NEIGHBOURS = 3  # messages on either side of the reported one
Status = Report.Status


class ModerationError(Exception):
    """A refusal in words that staff can read."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def look(report: Report, actor: User) -> Sequence[Message]:
    """The reported message among its neighbours, oldest first. That ``actor`` looked is kept."""
    ReportLook.objects.create(report=report, actor=actor)
    return neighbours(report)


def neighbours(report: Report) -> Sequence[Message]:
    """The reported message and those beside it in its conversation, oldest first. Two queries."""
    told = Message.objects.filter(conversation=report.message.conversation_id)
    told = told.shown().select_related("sender", "event__booking__topic")
    before = told.newest(NEIGHBOURS + 1, before=report.message_id + 1)
    return [*before, *told.following(report.message_id, NEIGHBOURS)]


def resolve(
    report: Report,
    actor: User,
    outcome: str,
    *,
    note: str,
    told: str = "",
    cancel_bookings: bool = False,
) -> Report:
    """Close an open report: dismissed, or its person warned (by email) or suspended.

    ``note`` is for the staff; ``told`` are the words of a warning. Raises ModerationError.
    """
    if not actor.has_staff_powers or actor.pk == report.reported_id:
        raise ModerationError(_("Another one of the staff has to decide on this."))
    if outcome == Status.WARNED and is_blank(told):
        raise ModerationError(_("Write what the person is to be told."))
    with transaction.atomic():
        if outcome == Status.SUSPENDED:  # first: it locks people
            _suspend(report, actor, note, cancel_bookings)
        report = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
        if not report.is_open:
            raise ModerationError(_("This report was resolved already."))
        report.status, report.note = outcome, note
        report.told = told if outcome == Status.WARNED else ""
        report.resolved_by, report.resolved_at = actor, timezone.now()
        report.save(update_fields=["status", "note", "told", "resolved_by", "resolved_at"])
        if outcome == Status.WARNED:
            later(tasks.warn, report.pk)
    return report


def _suspend(report: Report, actor: User, note: str, cancel_bookings: bool) -> None:
    """Unless an earlier report has suspended the person already."""
    person = User.objects.get(pk=report.reported_id)
    if not person.is_active:
        return
    try:
        suspend(person, actor=actor, cancel_bookings=cancel_bookings, reason=note)
    except AccountError as error:
        raise ModerationError(error.message) from error
