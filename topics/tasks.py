"""Background work of topics."""

from accounts.models import MailKind
from accounts.notifications import write_to
from accounts.services.languages import reading
from setahub.core.work.tasks import task
from topics import emails
from topics.models import Decision


@task
def tell_decision(decision_id: int) -> None:
    """What staff decided, by email."""
    decision = Decision.objects.select_related("user", "topic").filter(pk=decision_id).first()
    if decision is not None:
        key = f"decision-{decision.pk}"
        with reading(decision.user):
            write_to(decision.user, MailKind.TEACHING, emails.decided(decision), key=key)
