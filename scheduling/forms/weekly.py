"""What a TA types for weekly hours: a line for each weekday, with any number of stretches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from scheduling.forms.appointments import SlotsForm, clean_place, length_field, repeat_days
from scheduling.models.appointments import LOCATION_MAX
from scheduling.services.plan import Plan, check_times, next_start, overlaps_in_week, weekly
from setahub.core import clock
from setahub.core.web.fields import ClockField, EndField, WeeksAheadField
from setahub.core.web.refusals import attempt, refusal_of
from topics.models import Topic

PREFIX = "rows"
MOST_ROWS = 42  # six stretches for each day
DAYS = [(day, day) for day in range(7)]
TYPED = ("start", "end", "location")
FIELDS = {"date": "start", "start_time": "start", "end_time": "end"}  # what rules call them


class StretchForm(forms.Form):
    """One stretch of a weekday. It counts where its ``day``, the switch, is sent, and a time or place.

    ``weekday`` tells on which line it stands while it is switched off.
    """

    day = forms.TypedChoiceField(label=_("Day"), coerce=int, choices=DAYS, widget=forms.HiddenInput)
    weekday = forms.TypedChoiceField(coerce=int, choices=DAYS, required=False)
    start = ClockField(
        label=pgettext_lazy("a time", "From"), error_messages={"required": _("Say when it starts.")}
    )
    end = EndField(
        label=pgettext_lazy("a time", "To"), error_messages={"required": _("Say when it ends.")}
    )
    location = forms.CharField(
        label=_("Place"),
        max_length=LOCATION_MAX,
        error_messages={"required": _("Say where: a room, or an https link.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": _("Room, or https link")}
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.initial.get("new"):
            self.fields["start"].widget.attrs["autofocus"] = True

    def has_changed(self) -> bool:
        return self.is_on

    @property
    def is_on(self) -> bool:
        """Whether it is switched on, and not left wholly empty."""
        if not self.is_bound:
            return self.initial.get("day") is not None
        return bool(self["day"].data) and any(self[name].data for name in TYPED)

    @property
    def line(self) -> int | None:
        """The weekday that it stands at, 0 to 6; None where nothing that was sent tells."""
        sent = [self["day"].value(), self["weekday"].value()]
        return next((day for day in range(7) for text in sent if str(text) == str(day)), None)

    def clean_location(self) -> str:
        return clean_place(self.cleaned_data["location"])

    def plan(self, topics: Sequence[Topic], *, slot_minutes: int, capacity: int) -> Plan | None:
        """From the next start that lies ahead on; None where its times are wrong."""
        given = self.cleaned_data
        if not {"day", "start", "end"} <= given.keys():
            return None
        day, start, end = next_start(given["day"], given["start"]), given["start"], given["end"]
        place = given.get("location", "")  # a preview needs none yet
        return Plan(topics, day, start, end, slot_minutes, capacity, place)


class Stretches(forms.BaseFormSet):
    """The rows as they are sent; those that are switched off are not looked at."""

    def __init__(self, data: QueryDict | None, initial: Sequence[dict[str, Any]]) -> None:
        if data is not None:
            data = data.copy()
            data.setdefault(f"{PREFIX}-INITIAL_FORMS", "0")  # programs needn't know of it
        super().__init__(data, initial=initial, prefix=PREFIX)

    def add_fields(self, form: StretchForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.empty_permitted = True


StretchFormSet = forms.formset_factory(
    StretchForm,
    formset=Stretches,
    extra=0,
    max_num=MOST_ROWS,
    absolute_max=MOST_ROWS,
    validate_max=True,
)


@dataclass(frozen=True)
class Line:
    """A weekday with its stretches, at least one: switched on or not."""

    weekday: int
    stretches: Sequence[StretchForm]

    @property
    def name(self) -> str:
        return clock.weekday(self.weekday)


class WeeklyForm(SlotsForm):
    """Weekly hours of a term. ``stretches`` are those whose times are right, for the preview."""

    field_order = ["topics", "slot_minutes", "capacity"]  # then the others
    slot_minutes = length_field(forms.Select)
    repeat_until = WeeksAheadField(
        label=_("Every week until"),
        days=repeat_days,
        error_messages={"required": _("Choose the last day.")},
    )
    skip_conflicts = forms.BooleanField(label=_("Leave out what clashes"), required=False)
    skip_exam_weeks = forms.BooleanField(label=_("Leave out exam weeks"), required=False)

    def __init__(
        self,
        ta: User,
        data: QueryDict | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        rows: Sequence[dict[str, Any]] = (),
        blank: Mapping[str, Any] | None = None,
    ) -> None:
        """``rows``: stretches to begin with; ``blank``: what a line without any is filled with."""
        super().__init__(data, initial=dict(initial or {}))
        self.offer(list(Topic.objects.taught_by(ta.pk).order_by("sort_key")))
        self.fields["capacity"].help_text = ""
        self.rows = StretchFormSet(data, initial=list(rows))
        self.blank = dict(blank or {})
        self.stretches: list[Plan] = []

    @classmethod
    def with_another(cls, ta: User, data: QueryDict, *, blank: Mapping[str, Any]) -> "WeeklyForm":
        """The form as it was typed so far, and one more stretch on the line ``add``."""
        typed = cls(ta, data)
        initial = {name: typed[name].data for name in typed.fields}
        rows = [
            {"day": row.line if row["day"].data else None, "weekday": row.line}
            | {name: row[name].data for name in TYPED}
            for row in typed.rows.forms
            if row.line is not None
        ]
        day = next((day for day in range(7) if str(day) == data.get("add")), None)
        if day is not None and len(rows) < MOST_ROWS:
            place = next((row["location"] for row in rows[::-1] if row["weekday"] == day), "")
            rows.append({"day": day, "weekday": day, "location": place, "new": True})
        return cls(ta, initial=initial, rows=rows, blank=blank)

    @cached_property
    def lines(self) -> list[Line]:
        """The seven days; where nothing was typed, one stretch that is switched off."""
        found: dict[int | None, list[StretchForm]] = {}
        for row in self.rows.forms:
            found.setdefault(row.line, []).append(row)
        numbers = count(len(self.rows.forms))
        return [Line(day, found.get(day) or [self._blank(day, next(numbers))]) for day in range(7)]

    def _blank(self, day: int, number: int) -> StretchForm:
        initial = {**self.blank, "weekday": day}
        prefix = self.rows.add_prefix(number)
        return StretchForm(prefix=prefix, initial=initial, use_required_attribute=False)

    @property
    def row_count(self) -> int:
        """``TOTAL_FORMS`` of the form that is shown."""
        blank = sum(line.stretches[0] not in self.rows.forms for line in self.lines)
        return len(self.rows.forms) + blank

    def is_valid(self) -> bool:
        return super().is_valid() and self.rows.is_valid()

    @property
    def status(self) -> int:
        return 422 if self.is_bound and not self.rows.is_valid() else super().status

    def clean(self) -> dict[str, Any]:
        given, on = self.cleaned_data, [row for row in self.rows.forms if row.is_on]
        if not on:
            self.add_error(None, _("Switch on at least one day."))
        if not self.rows.is_valid() and any(row.line is None for row in on):
            self.add_error(None, _("A day is a number from 0 (Monday) to 6."))
        if self.rows.non_form_errors():
            self.add_error(None, _("Too many times for one form, or it arrived incomplete."))
        if "slot_minutes" in given:
            pieces = {"slot_minutes": given["slot_minutes"], "capacity": given.get("capacity", 1)}
            plans = [(row, row.plan(given.get("topics", ()), **pieces)) for row in on]
            self._check([(row, plan) for row, plan in plans if plan is not None])
        return given

    def _check(self, plans: Sequence[tuple[StretchForm, Plan]]) -> None:
        """What is wrong with a stretch is said beside it."""
        until, right = self.cleaned_data.get("repeat_until"), []
        for row, plan in plans:
            weeks, refusal = attempt(partial(weekly, plan, until))
            if refusal is None:
                refusal = refusal_of(check_times, plan, timezone.now(), weeks=weeks or ())
            if refusal is None:
                right.append((row, plan))
            elif refusal.field in FIELDS:
                row.add_error(FIELDS[refusal.field], refusal.message)
            elif not self.has_error(refusal.field):
                self.refuse(refusal)
        self.stretches = [plan for _row, plan in right]
        for (row, _plan), overlap in zip(right, overlaps_in_week(self.stretches), strict=True):
            if overlap:
                row.add_error("start", overlap)

    @property
    def asked(self) -> dict[str, Any]:
        """Valid weekly hours as the service takes them."""
        names = ("repeat_until", "skip_conflicts", "skip_exam_weeks")
        return {"stretches": self.stretches} | {name: self.cleaned_data[name] for name in names}
