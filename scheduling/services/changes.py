"""What an edit of a session changes, in it and in the later weeks of its series.

An edit is three plans: what the form was filled with, what the session is now, and what was sent.
Only what differs between the first and the last was changed. Nothing here reads or writes rows.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.errors import SchedulingError
from scheduling.models import Appointment
from scheduling.services.plan import COLUMNS, Plan
from setahub.core import clock
from setahub.core.web.forms import is_disputed


@dataclass(frozen=True)
class Field:
    """Something of a session that is changed as one: its label, its parts, and it in words."""

    label: Any
    parts: tuple[str, ...]
    words: Callable[[Plan], str]

    @property
    def name(self) -> str:
        return self.parts[0]

    def of(self, plan: Plan) -> tuple[Any, ...]:
        return tuple(getattr(plan, part) for part in self.parts)

    def put(self, plan: Plan, value: tuple[Any, ...]) -> Plan:
        return replace(plan, **dict(zip(self.parts, value, strict=True)))


def _times(plan: Plan) -> str:
    return f"{plan.start:%H:%M} – {plan.end:%H:%M}"


def _column(name: str) -> Field:
    """A column of the session, as its model calls it and its choices."""
    column: Any = Appointment._meta.get_field(name)
    labels = dict(column.flatchoices)

    def words(plan: Plan) -> str:
        value = getattr(plan, name)
        return str(labels.get(value, value)) or _("none")

    return Field(capfirst(column.verbose_name), (name,), words)


# Columns that forms call otherwise than the model.
FORM_LABELS = {
    "slot_minutes": Field(
        gettext_lazy("Length of a slot"),
        ("slot_minutes",),
        lambda plan: _("%(minutes)d min") % {"minutes": plan.slot_minutes},
    ),
    "capacity": Field(
        gettext_lazy("Seats in each slot"), ("capacity",), lambda plan: str(plan.capacity)
    ),
}
DAY = Field(gettext_lazy("Day"), ("day",), lambda plan: clock.day_short(plan.day))
# What every week of a series has alike, its day apart.
FIELDS = (
    Field(gettext_lazy("Time"), ("start", "end"), _times),
    *(FORM_LABELS.get(name) or _column(name) for name in COLUMNS),
)


@dataclass(frozen=True)
class Change:
    """An edit: ``base`` is what its form was filled with, ``now`` the session, ``sent`` what came.

    ``overwrite``: weeks that have a value of their own get the new one too.
    """

    base: Plan
    now: Plan
    sent: Plan
    overwrite: bool = False

    def check_agrees(self) -> None:
        """Refuses where a field was changed here and meanwhile elsewhere, to different values."""
        lines = [
            _("%(field)s: meanwhile “%(theirs)s”, here “%(yours)s”")
            % {
                "field": field.label,
                "theirs": field.words(self.now),
                "yours": field.words(self.sent),
            }
            for field in (DAY, *FIELDS)
            if is_disputed(field.of(self.base), field.of(self.now), field.of(self.sent))
        ]
        if lines:
            heading = _("This was also changed meanwhile. Save again to keep what is here:")
            raise SchedulingError(
                "changed", f"{heading} {'; '.join(lines)}.", heading=heading, details=lines
            )

    def changes(self, field: Field) -> bool:
        """Whether the person changed it."""
        return field.of(self.sent) != field.of(self.base)

    def applied(self, week: Plan, own: Collection[str] = ()) -> Plan:
        """What a week of the series (the edited session is one) becomes.

        ``own``: the names of what this week was given by itself.
        """
        after = replace(week, day=self._day(week, own), topics=self._topics(week))
        for field in FIELDS:
            if self.changes(field) and not self._keeps(field, week, own):
                after = field.put(after, field.of(self.sent))
        return after

    def _keeps(self, field: Field, week: Plan, own: Collection[str]) -> bool:
        """Whether a week has something of its own there, that it keeps."""
        alike = field.of(week) in (field.of(self.now), field.of(self.base))
        return field.name in own and not alike and not self.overwrite

    def _day(self, week: Plan, own: Collection[str]) -> date:
        """Every week shifts by as many days; one that was put on another weekday stays there."""
        if not self.changes(DAY):
            return week.day
        for known in (self.now, self.base):
            if week.day.weekday() == known.day.weekday():
                return week.day + (self.sent.day - known.day)
        if DAY.name in own and not self.overwrite:
            return week.day
        day = clock.monday(week.day) + timedelta(days=self.now.day.weekday())
        return day + (self.sent.day - self.now.day)

    def _topics(self, week: Plan) -> list[Any]:
        """Topics come and go singly."""
        added = [each for each in self.sent.topics if each not in self.base.topics]
        removed = [each for each in self.base.topics if each not in self.sent.topics]
        if self.overwrite and (added or removed):
            week = self.now
        stay = [each for each in week.topics if each not in removed]
        return [*stay, *(each for each in added if each not in stay)]


def own_after(own: Collection[str], before: Plan, after: Plan, *, alone: bool) -> set[str]:
    """What a week was given by itself, once an edit of it ``alone``, or of the series, is done."""
    changed = {each.name for each in (DAY, *FIELDS) if each.of(before) != each.of(after)}
    return {*own} | changed if alone else {*own} - changed


def own_of(week: Plan, edited: Plan) -> list[str]:
    """What a week has that the edited session has otherwise, in words."""
    words = [
        f"{field.label}: {field.words(week)}"
        for field in FIELDS
        if field.of(week) != field.of(edited)
    ]
    if {each.pk for each in week.topics} != {each.pk for each in edited.topics}:
        words.append(
            _("Topics: %(names)s") % {"names": ", ".join(each.name for each in week.topics)}
        )
    return words
