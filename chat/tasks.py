"""Background work of conversations."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import MailKind
from accounts.notifications import write_to
from chat.models import Message, Participation, Report
from setahub.core import clock, mail
from setahub.core.work.tasks import task


@task
def warn(report_id: int) -> None:
    """Tell somebody, who can't switch this off, what staff think of a message of theirs."""
    report = Report.objects.select_related("reported", "message").get(pk=report_id)
    person = report.reported
    letter = mail.Email(
        subject=_("About a message of yours"),
        lead=[
            _("A message that you sent on %(day)s was reported, and staff have looked at it.")
            % {"day": clock.day_long(report.message.created_at)}
        ],
        quotes=[(_("The staff write"), report.told)],
        action=(_("Your messages"), reverse("chat:inbox")),
    )
    if person.is_active and person.email:
        mail.send(letter, name=person.username, address=person.email, key=f"warning-{report.pk}")


@task
def tell_unread(participation_id: int) -> None:
    """What waits in a conversation, unless it was read since this was queued."""
    side = Participation.objects.waiting().filter(pk=participation_id).first()
    if side is not None:
        key = f"unread-{side.pk}-{side.told_id}"
        write_to(side.user, MailKind.MESSAGES, unread_letter(side), key=key)


def unread_letter(side: Participation) -> mail.Email:
    """Who wrote, when, and how many; the messages themselves stay on the site."""
    count = Message.objects.unread_by_hand(side).count()
    told = {"name": side.other.username, "count": count}
    return mail.Email(
        subject=ngettext("%(name)s wrote to you", "%(name)s wrote you %(count)d messages", count)
        % told,
        lead=[
            ngettext(
                "%(name)s wrote to you on SETAHub, and you haven't read it yet.",
                "%(name)s wrote you %(count)d messages on SETAHub that you haven't read yet.",
                count,
            )
            % told
        ],
        action=(_("Read and answer"), reverse("chat:conversation", args=[side.other_id])),
    )
