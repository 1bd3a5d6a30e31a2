"""Background work of conversations."""

from django.urls import reverse
from django.utils.translation import gettext as _

from chat.models import Report
from setahub.lib import mail, when
from setahub.lib.tasks import task


@task
def warn(report_id: int) -> None:
    """Tell somebody, who can't switch this off, what staff think of a message of theirs."""
    report = Report.objects.select_related("reported", "message").get(pk=report_id)
    person = report.reported
    letter = mail.Letter(
        subject=_("About a message of yours"),
        lead=[
            _("A message that you sent on %(day)s was reported, and staff have looked at it.")
            % {"day": when.day_long(report.message.created_at)}
        ],
        quotes=[(_("The staff write"), report.told)],
        action=(_("Your messages"), reverse("chat:inbox")),
    )
    if person.is_active and person.email:
        mail.send(letter, name=person.username, address=person.email, key=f"warning-{report.pk}")
