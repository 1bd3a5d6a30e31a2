"""What the page that copies a week shows."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone

from accounts.models import User
from scheduling.forms.appointments import CopyWeekForm
from scheduling.queries.appointments import starts_between
from scheduling.services import appointments
from scheduling.services.plan import Plan
from setahub.core import clock
from setahub.core.web.refusals import attempt

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Copy:
    """A session of the week that is copied, as it would be opened again: why it can't be, or ""."""

    plan: Plan
    clash: str


def to_copy(ta: User) -> dict[str, date]:
    """What the form begins with: the copy that a TA most likely wants. One query.

    This week into the next, or that into the one after where it has sessions already. Where this
    week has none, last week: into this one if all of it still lies ahead, else into the next.
    """
    this = clock.monday(clock.today())
    bounds = clock.day_bounds(this - WEEK)[0], clock.day_bounds(this + 3 * WEEK)[0]
    starts = starts_between(ta.pk, *bounds)
    weeks = {
        week: list(found)
        for week, found in groupby(starts, lambda start: clock.monday(clock.local(start).date()))
    }
    week, to = this, this + WEEK
    if this in weeks and to in weeks and to + WEEK not in weeks:
        week, to = to, to + WEEK
    elif this not in weeks and (last := weeks.get(this - WEEK)):
        ahead = last[0] + WEEK > timezone.now()
        week, to = this - WEEK, this if ahead else this + WEEK
    return {"week": week, "to": to}


def copies_of(ta: User, form: CopyWeekForm) -> list[Copy]:
    """What copying the weeks of the form would open; none while they can't be copied."""
    checked = form.is_bound and (form.is_valid() or form.refused_for_clashes)
    given = form.cleaned_data if checked else form.initial
    if not {"week", "to"} <= given.keys():
        return []
    plans, refusal = attempt(lambda: appointments.copies(ta, given["week"], given["to"]))
    if refusal is not None and form.is_bound and form.refusal is None and form.is_valid():
        form.refuse(refusal)
    reasons = appointments.copying_obstacles(ta, plans or ())
    return [Copy(plan, why) for plan, why in zip(plans or (), reasons, strict=True)]
