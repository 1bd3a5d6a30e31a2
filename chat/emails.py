"""The words of emails about messages."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Participation, Report
from setahub.core import clock
from setahub.core.mail import Email
from setahub.core.web.own import told


def warning(report: Report) -> Email:
    """What staff think of a message, for whoever wrote it."""
    return Email(
        subject=_("About a message of yours"),
        lead=[
            _("A message that you sent on %(day)s was reported, and staff have looked at it.")
            % {"day": clock.day_long(report.message.created_at)}
        ],
        quotes=[(_("The staff write"), report.told)],
        action=(_("Your messages"), reverse("chat:inbox")),
    )


def unread(side: Participation, count: int) -> Email:
    """Who wrote, and how many messages wait; these themselves stay on the site."""
    words = {"name": side.other.username, "count": count}
    return Email(
        subject=ngettext("%(name)s wrote to you", "%(name)s wrote you %(count)d messages", count)
        % words,
        lead=[
            told(
                ngettext(
                    "%(name)s wrote to you on SETAHub, and you haven't read it yet.",
                    "%(name)s wrote you %(count)d messages on SETAHub that you haven't read yet.",
                    count,
                ),
                {"name": side.other.username},
                count=count,
            )
        ],
        action=(_("Read and answer"), reverse("chat:conversation", args=[side.other_id])),
    )
