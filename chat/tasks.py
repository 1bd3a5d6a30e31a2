"""Background work of conversations."""

from accounts.models import MailKind, User
from accounts.notifications import write_to
from accounts.services.languages import reading
from chat import emails
from chat.models import Participation, Report
from setahub.core import mail
from setahub.core.work.tasks import task


@task
def warn(report_id: int) -> None:
    """Tell somebody, who can't switch this off, what staff think of a message of theirs."""
    report = Report.objects.select_related("reported", "message").get(pk=report_id)
    person = report.reported
    if person.is_active and person.email:
        with reading(person):
            mail.send(
                emails.warning(report),
                name=person.username,
                address=person.email,
                key=f"warning-{report.pk}",
            )


@task
def tell_unread(participation_id: int) -> None:
    """What waits in a conversation, unless it was read since this was queued."""
    reader = User.objects.filter(participations=participation_id).first()
    if reader is None:
        return
    with reading(
        reader
    ):  # what is read from the database has words too: how the deleted are called
        side = Participation.objects.waiting().filter(pk=participation_id).first()
        if side is not None:
            key = f"unread-{side.pk}-{side.told_id}"
            write_to(reader, MailKind.MESSAGES, emails.unread(side), key=key)
