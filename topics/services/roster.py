"""Rosters: kept, and carried out in the background."""

import time
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import invitations
from setahub.core.keys import fold_email
from setahub.core.work.tasks import later, task
from topics.errors import TopicError
from topics.models import Registration, Roster
from topics.queries.roster import CHANGES, WRITES, Line, Outcome, Step, plan_of

AT_A_TIME = 20  # seconds; other tasks come in between
PART = 25  # lines of one transaction; the bar moves after each


def keep(actor: User, lines: Sequence[Line]) -> Roster:
    """Keep a list that was read, to be looked at before anything is done."""
    return Roster.objects.create(
        uploaded_by=actor, lines=[dict(line) for line in lines], size=len(lines)
    )


def start(roster: Roster) -> None:
    """Have it carried out; a list that was started already goes on."""
    with transaction.atomic():
        read = Roster.objects.filter(pk=roster.pk, state=Roster.State.READ)
        if read.update(state=Roster.State.RUNNING):
            later(carry_out, roster.pk)


@task
def carry_out(roster_id: int) -> None:
    """Some parts of a list, and the rest later."""
    began = time.monotonic()
    while carry_on(roster_id):
        if time.monotonic() - began > AT_A_TIME:
            later(carry_out, roster_id)
            return


def discard(roster: Roster) -> None:
    """Forget a list that was only looked at. Raises TopicError once it was started."""
    if not Roster.objects.filter(pk=roster.pk, state=Roster.State.READ).delete()[0]:
        raise TopicError("started", _("This list was started already."))


def carry_on(roster_id: int) -> bool:
    """Do the next part; whether there is more. Safe to run twice and beside itself."""
    with transaction.atomic():
        roster = (
            Roster.objects.select_for_update()
            .filter(pk=roster_id, state=Roster.State.RUNNING)
            .first()
        )
        if roster is None:
            return False
        begin = roster.done
        earlier = {fold_email(line["email"]) for line in roster.lines[:begin]}
        part = roster.lines[begin : begin + PART]
        # All at once, in the order of their ids, so that no two writers wait for each other.
        User.objects.locked(*(step.user_id for step in plan_of(part) if step.user_id))
        for step in plan_of(part):
            key, outcome = fold_email(step.line["email"]), step.outcome
            if key in earlier and outcome in WRITES:
                outcome = Outcome.TWICE
            elif outcome in CHANGES:
                outcome = _carry_out(step)
            roster.outcomes.append(outcome.value)
            earlier.add(key)
        written = ["outcomes"]
        if roster.done >= roster.size:
            roster.state, roster.finished_at = Roster.State.DONE, timezone.now()
            roster.lines = []  # who is who is known now; nobody else's data stays
            written += ["state", "finished_at", "lines"]
        roster.save(update_fields=written)
    return roster.state == Roster.State.RUNNING


def _carry_out(step: Step) -> Outcome:
    """One line, all of it or nothing; as things are by now, if somebody signed up a moment ago."""
    for _attempt in range(2):
        try:
            with transaction.atomic():
                if step.outcome in CHANGES:
                    _write(step)
            return step.outcome
        except IntegrityError:
            [step] = plan_of([step.line])
    return step.outcome if step.outcome.is_error else Outcome.STUDENT_ID_TAKEN


def _write(step: Step) -> None:
    if step.user_id is None:
        user = invitations.invite(
            step.line["email"],
            step.line["name"],
            student_id=str(step.fields["student_id"]) if "student_id" in step.fields else None,
            year=int(step.fields["year"]) if "year" in step.fields else None,
        )
    else:
        user = User.objects.get(pk=step.user_id)
        for name, value in step.fields.items():
            setattr(user, name, value)
        if step.fields:
            user.save(update_fields=list(step.fields))
    for topic_id in step.teaches:
        Registration.objects.update_or_create(
            user=user, topic_id=topic_id, defaults={"status": Registration.Status.APPROVED}
        )
