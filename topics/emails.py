"""The words of emails about teaching."""

from django.urls import reverse
from django.utils.translation import gettext as _

from setahub.core.mail import Email
from setahub.core.web.own import told
from topics.models import Decision


def decided(decision: Decision) -> Email:
    """What staff decided on a registration, and their note."""
    topic = {"topic": decision.topic.name}
    action = (_("See the topic"), decision.topic.get_absolute_url())
    if decision.approved:
        hours = f"{reverse('scheduling:weekly_hours')}?topic={decision.topic.slug}"
        action = (_("Open weekly hours"), hours)
        subject = _("You are now a TA of %(topic)s") % topic
        lead = [
            told(
                _("The staff approved your registration for %(topic)s. Thank you for helping!"),
                topic,
            ),
            _("Students can book you as soon as you open time for it."),
        ]
    else:
        subject = _("Your registration for %(topic)s") % topic
        lead = [
            told(_("The staff did not approve your registration for %(topic)s this time."), topic),
            _("You can register again, for this topic or for another one."),
        ]
    return Email(
        subject=subject,
        lead=lead,
        quotes=[(_("The staff write"), decision.note)] if decision.note else [],
        action=action,
    )
