"""Background work of topics."""

import time

from accounts.models import MailKind
from accounts.notifications import write_to
from accounts.services.languages import reading
from setahub.core.work.tasks import later, task
from topics import emails
from topics.models import Decision

AT_A_TIME = 20  # seconds of a roster; other tasks come in between


@task
def tell_decision(decision_id: int) -> None:
    """What staff decided, by email."""
    decision = Decision.objects.select_related("user", "topic").filter(pk=decision_id).first()
    if decision is not None:
        key = f"decision-{decision.pk}"
        with reading(decision.user):
            write_to(decision.user, MailKind.TEACHING, emails.decided(decision), key=key)


@task
def carry_out_roster(roster_id: int) -> None:
    """Some parts of a list of people, and the rest later."""
    from topics.services import roster  # which queues this task

    began = time.monotonic()
    while roster.carry_on(roster_id):
        if time.monotonic() - began > AT_A_TIME:
            later(carry_out_roster, roster_id)
            return
