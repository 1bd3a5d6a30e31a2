"""Emails about teaching, as tasks."""

from django.utils.translation import gettext as _

from accounts.models import MailKind
from accounts.notifications import write_to
from setahub.core.mail import Email
from setahub.core.work.tasks import task
from topics.models import Decision


@task
def tell_decision(decision_id: int) -> None:
    """What staff decided, and their note."""
    decision = Decision.objects.select_related("user", "topic").filter(pk=decision_id).first()
    if decision is not None:
        key = f"decision-{decision.pk}"
        write_to(decision.user, MailKind.TEACHING, letter(decision), key=key)


def letter(decision: Decision) -> Email:
    topic = {"topic": decision.topic.name}
    if decision.approved:
        subject = _("You are now a TA of %(topic)s") % topic
        lead = [
            _("The staff approved your registration for %(topic)s. Thank you for helping!") % topic,
            _("Students can book you as soon as you open time for it, under “TA sessions”."),
        ]
    else:
        subject = _("Your registration for %(topic)s") % topic
        lead = [
            _("The staff did not approve your registration for %(topic)s this time.") % topic,
            _("You can register again, for this topic or for another one."),
        ]
    return Email(
        subject=subject,
        lead=lead,
        quotes=[(_("The staff write"), decision.note)] if decision.note else [],
        action=(_("See the topic"), decision.topic.get_absolute_url()),
    )
