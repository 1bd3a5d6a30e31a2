"""Reports to the staff: made, looked at (each look being kept), and resolved."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.notices import Happening, notify
from accounts.services.suspensions import suspend
from chat.errors import ChatError
from chat.models import Message, Report, ReportLook
from chat.queries.reports import neighbours
from chat.services.rows import locked
from setahub.core.text import is_blank

Status = Report.Status


def report(message: Message, reporter: User, reason: str) -> Report:
    """Report a message of the other person to the staff; a copy is kept. Twice is once."""
    if message.sender_id == reporter.pk:
        raise ChatError("not_allowed", _("You can't report your own message."))
    with transaction.atomic():
        locked(message.sender_id, reporter.pk)
        if before := Report.objects.filter(message=message, reporter=reporter).first():
            return before
        copy = Report(
            message=message,
            reporter=reporter,
            reported_id=message.sender_id,
            reason=reason,
            text=message.words,
        )
        if message.image:
            with message.image.open() as picture:
                copy.image.save("", picture, save=False)
        copy.save()
    return copy


def look(report: Report, actor: User) -> Sequence[Message]:
    """The reported message among its neighbours, oldest first. That ``actor`` looked is kept."""
    ReportLook.objects.create(report=report, actor=actor)
    return neighbours(report)


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

    ``note`` is for the staff; ``told`` are the words of a warning. Somebody whom an earlier report
    has suspended already stays so. Raises a Refusal.
    """
    if not actor.has_staff_powers or actor.pk == report.reported_id:
        raise ChatError("role", _("Somebody else on the staff has to decide on this."))
    if outcome == Status.WARNED and is_blank(told):
        raise ChatError("invalid", _("Write what to tell the person."))
    with transaction.atomic():
        person = User.objects.get(pk=report.reported_id)
        if outcome == Status.SUSPENDED and person.is_active:  # first: it locks people
            suspend(person, actor=actor, cancel_bookings=cancel_bookings, reason=note)
        report = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
        if not report.is_open:
            raise ChatError("resolved", _("This report was resolved already."))
        report.status, report.note = outcome, note
        report.told = told if outcome == Status.WARNED else ""
        report.resolved_by, report.resolved_at = actor, timezone.now()
        report.save(update_fields=["status", "note", "told", "resolved_by", "resolved_at"])
        if outcome == Status.WARNED:
            key = f"warning-{report.pk}"
            notify(Happening("warning", report.reported_id, key, {"report": report.pk}))
    return report
