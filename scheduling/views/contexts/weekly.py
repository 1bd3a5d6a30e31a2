"""What the page of weekly hours shows: what it begins with, and the term that would be."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.forms.weekly import WeeklyForm
from scheduling.queries.busy import busy_between, is_busy
from scheduling.services.plan import Plan, obstacles, term
from scheduling.views.contexts import appointments
from scheduling.views.contexts.clashes import Clashes
from setahub.core import clock
from setahub.core.web.refusals import attempt
from setahub.policy.current import policy
from topics.queries.topics import taught_by

TERM = timedelta(weeks=12)
WEEK = timedelta(weeks=1)


def defaults(ta: User, handles: Collection[str]) -> dict[str, Any]:
    """How the form begins: for the topics in the address, else as the last session was, else all."""
    plan, taught = appointments.defaults(ta), taught_by(ta)
    asked = [each for each in taught if not {each.slug, str(each.pk)}.isdisjoint(handles)]
    topics = asked or plan.topics or taught
    until = clock.today() + min(TERM, policy.max_repeat)
    return {
        "initial": {
            "topics": [topic.pk for topic in topics],
            "slot_minutes": plan.slot_minutes,
            "capacity": plan.capacity,
            "repeat_until": until.isoformat(),
        },
        "blank": _blank(plan),
    }


def blank(ta: User) -> dict[str, str]:
    """What a line is filled with while it is switched off."""
    return _blank(appointments.defaults(ta))


def _blank(plan: Plan) -> dict[str, str]:
    times = {"start": f"{plan.start:%H:%M}", "end": f"{plan.end:%H:%M}"}
    return times | {"location": plan.location}


# --- The term -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """A stretch on its day: why it clashes, or "", whether in an exam week, whether it is opened.

    ``busy``: by a calendar of the TA's own, which hinders nothing.
    """

    plan: Plan
    clash: str
    exam: bool
    opens: bool
    busy: bool = False

    @property
    def kind(self) -> str:
        if self.clash:
            return "clash"
        if not self.opens:
            return "left"
        return "exam" if self.exam else "busy" if self.busy else "open"

    @property
    def words(self) -> str:
        """What is heard of it."""
        times = clock.time_range(self.plan.span.start, self.plan.span.end)
        words = {
            "clash": _("%(times)s, clashes"),
            "exam": _("%(times)s, exam week"),
            "busy": _("%(times)s, you are busy"),
            "open": "%(times)s",
            "left": _("%(times)s, left out"),
        }
        return words[self.kind] % {"times": times}


@dataclass(frozen=True)
class TermWeek:
    """A week of the term by its Monday: the marks of its seven days."""

    monday: date
    exam: bool
    days: Sequence[Sequence[Mark]]


@dataclass(frozen=True)
class Term:
    """What weekly hours would make, from the first week to the last."""

    weeks: Sequence[TermWeek]
    marks: Sequence[Mark]

    @property
    def day_names(self) -> list[tuple[str, str]]:
        """Short and long."""
        return [(clock.weekday(day, "D"), clock.weekday(day)) for day in range(7)]

    @property
    def sum(self) -> str:
        """``34 slots in 12 weeks``."""
        opened = [mark.plan for mark in self.marks if mark.opens]
        slots = sum(len(plan.slots) for plan in opened)
        weeks = len({clock.monday(plan.day) for plan in opened})
        return _("%(slots)s in %(weeks)s") % {
            "slots": ngettext("%(count)d slot", "%(count)d slots", slots) % {"count": slots},
            "weeks": ngettext("%(count)d week", "%(count)d weeks", weeks) % {"count": weeks},
        }

    @cached_property
    def clashes(self) -> Clashes:
        plans, reasons = zip(*((mark.plan, mark.clash) for mark in self.marks), strict=True)
        return Clashes.of(plans, reasons)

    @property
    def busy(self) -> int:
        """How often the TA is busy otherwise at a time that is opened."""
        return sum(mark.opens and mark.busy for mark in self.marks)

    @property
    def exam_weeks(self) -> int:
        return sum(week.exam for week in self.weeks)


def term_of(ta: User, form: WeeklyForm) -> Term | None:
    """The term of what was typed, as far as it is right. Three queries."""
    given = form.cleaned_data if form.is_bound else {}
    until, skip = given.get("repeat_until"), given.get("skip_exam_weeks", False)
    if not form.stretches or until is None:
        return None
    plans = attempt(lambda: term(form.stretches, until))[0]
    if plans is None:
        return None
    busy = busy_between(ta.pk, plans[0].span.start, plans[-1].span.end)
    marks = []
    for plan, clash in zip(plans, obstacles(ta.pk, plans), strict=True):
        exam = policy.exam_week_on(plan.day) is not None
        opens = not clash and not (exam and skip)
        marks.append(Mark(plan, clash, exam, opens, is_busy(busy, plan.span.start, plan.span.end)))
    return Term(_weeks(marks), marks)


def _weeks(marks: Sequence[Mark]) -> list[TermWeek]:
    days: dict[date, list[Mark]] = {}
    for mark in marks:
        days.setdefault(mark.plan.day, []).append(mark)
    first, last = clock.monday(marks[0].plan.day), clock.monday(marks[-1].plan.day)
    exams = Counter(clock.monday(mark.plan.day) for mark in marks if mark.exam)
    return [
        TermWeek(
            monday, monday in exams, [days.get(monday + timedelta(days=n), []) for n in range(7)]
        )
        for monday in (first + WEEK * number for number in range((last - first) // WEEK + 1))
    ]
