"""What a TA types: a session, its end, a week to open again."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.models import User
from scheduling.errors import CONFLICT
from scheduling.forms import bases
from scheduling.models import Appointment
from scheduling.models.appointments import LOCATION_MAX, NOTES_MAX, REASON_MAX
from scheduling.queries.series import FOLLOWING, ONE, in_scope
from scheduling.services import appointments
from scheduling.services.appointments import NO_REASON
from scheduling.services.changes import Change
from scheduling.services.plan import Plan, check_times, weekly
from scheduling.services.rows import Edited
from setahub.core import clock
from setahub.core.text import turns, without_invisible
from setahub.core.web.fields import (
    ClockField,
    DayField,
    EndField,
    LinesField,
    WeekField,
    WeeksAheadField,
)
from setahub.core.web.refusals import RefusableForm, attempt
from setahub.policy.current import policy
from topics.forms import TopicsField
from topics.models import Topic

# "Room:504" and "B:12" are rooms. "ftp://…" and "javascript:…" are none, and no links either.
_NO_ROOM = re.compile(
    r"[a-z][a-z0-9+.-]*\s*:\s*//|(?:http|javascript|vbscript):|data:\S*[,;]", re.IGNORECASE
)

T = TypeVar("T")
EMPTY_PLAN = Plan((), date.min, time.min, time.min, 0, 1, "")


def bookable_days() -> tuple[date, date]:
    """Those on which time can be opened."""
    return clock.today(), clock.today() + policy.max_ahead


def repeat_days() -> tuple[date, date]:
    """Those until which something can be repeated."""
    return clock.today(), clock.today() + policy.max_repeat


def _given_days() -> tuple[date, date]:
    """Those of half a year, and those to come."""
    return clock.today() - policy.max_ahead, clock.today() + policy.max_ahead


def clean_place(text: str) -> str:
    """A room in words, or a link with ``https`` that stands alone. Raises ValidationError."""
    place = " ".join(text.split())
    if turns(place) or any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in place):
        raise ValidationError(_("Use only letters, digits and punctuation."))
    if not place.lower().startswith("https:"):
        if _NO_ROOM.match(place):
            raise ValidationError(_("Name a room, or give a link that begins with https://."))
        return place
    link = "https:" + place[len("https:") :]
    try:
        if without_invisible(link) != link:
            raise ValidationError("")
        URLValidator(schemes=["https"])(link)
    except ValidationError as error:
        raise ValidationError(
            _("This isn't a complete link. Give the link alone; a code for it goes into the notes.")
        ) from error
    return link


def _scope_field(appointment: Appointment) -> forms.TypedChoiceField:
    """One, or it and the later ones of its series; shown only where there are later ones."""
    later = in_scope(appointment, FOLLOWING).count() - 1
    following = ngettext(
        "This one and the %(later)d after it", "This one and the %(later)d after it", later
    )
    field = forms.TypedChoiceField(
        label=_("Which sessions"),
        choices=[
            (ONE, _("Only this one")),
            (FOLLOWING, following % {"later": later}),
        ],
        initial=ONE,
        required=False,
        empty_value=ONE,
        widget=forms.RadioSelect,
    )
    field.later = later  # type: ignore[attr-defined]
    return field


def length_field(widget: type[forms.Widget]) -> forms.TypedChoiceField:
    """How long a slot is, in minutes: one of the policy's lengths."""
    return forms.TypedChoiceField(
        label=_("Length of a slot"),
        coerce=int,
        choices=lambda: [
            (minutes, _("%(minutes)d min") % {"minutes": minutes})
            for minutes in policy.slot_minutes
        ],
        widget=widget,
        error_messages={"required": _("Choose a length.")},
    )


def _seats_field(appointment: Appointment | None) -> forms.IntegerField:
    """As many as the policy allows now; a session made under an earlier one keeps its seats."""
    most = max(policy.max_seats, appointment.capacity if appointment else 0)
    return forms.IntegerField(
        label=_("Seats in each slot"),
        min_value=1,
        max_value=most,
        help_text=_("More than one when you help a group at once."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("Say how many."),
            "min_value": _("At least %(limit_value)d."),
            "max_value": _("At most %(limit_value)d."),
        },
    )


class OpeningForm(RefusableForm):
    """What opens several sessions at once, of which some may clash."""

    @property
    def refused_for_clashes(self) -> bool:
        return self.refusal is not None and self.refusal.code == CONFLICT


class SlotsForm(OpeningForm):
    """What one session and weekly hours both ask: which topics, and in which pieces."""

    topics = TopicsField(
        label=_("Topics"),
        error_messages={
            "required": _("Choose at least one topic."),
            "invalid_choice": _("Choose topics that you teach."),
        },
    )
    slot_minutes = length_field(forms.RadioSelect)
    capacity = forms.IntegerField()  # its bounds depend on the policy: see _seats_field

    def offer(self, topics: Sequence[Topic], appointment: Appointment | None = None) -> None:
        """The topics to choose from; ``appointment``: what is edited, if anything is."""
        self.fields["capacity"] = _seats_field(appointment)
        self.fields["topics"].offer(topics)  # type: ignore[attr-defined]

    def tried(self, ask: Callable[[], T]) -> T | None:
        """What ``ask`` gives; where it is refused, None, and the form says so."""
        answer, refusal = attempt(ask)
        if refusal is not None:
            self.refuse(refusal)
        return answer


class AppointmentForm(SlotsForm):
    """A new session (or a weekly series of it), or changes to ``appointment``.

    ``plans`` (of a new one: all its weeks) or ``edited`` is there as soon as the times are right,
    so that a preview needs no place yet.
    """

    field_order = ["topics", "date", "start_time", "end_time"]  # then the others
    date = DayField(label=_("Day"), days=bookable_days)
    start_time = ClockField(label=pgettext_lazy("a time", "From"))
    end_time = EndField(label=pgettext_lazy("a time", "To"))
    location = forms.CharField(
        label=_("Place"),
        max_length=LOCATION_MAX,
        help_text=_("A room, or an https link for an online session."),
        error_messages={"required": _("Say where: a room, or an https link.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    notes = LinesField(
        label=_("Notes"),
        max_length=NOTES_MAX,
        required=False,
        help_text=_("Shown to the students who book: what to bring, how to find you."),
        rows=3,
    )
    repeat_until = WeeksAheadField(
        days=repeat_days,
        label=_("Repeat weekly until"),
        required=False,
        help_text=_("The same weekday and times, each week up to this day."),
    )
    skip_conflicts = forms.BooleanField(label=_("Leave out what clashes"), required=False)

    def __init__(
        self,
        ta: User,
        data: Mapping[str, Any] | None = None,
        *,
        appointment: Appointment | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.appointment = appointment
        self.plans: list[Plan] = []
        self.edited: list[Edited] = []
        offered = list(Topic.objects.taught_by(ta.pk).order_by("sort_key"))
        if appointment is not None:
            offered += [each for each in appointment.topics.all() if each not in offered]
            del self.fields["repeat_until"], self.fields["skip_conflicts"]
            self._add_fields_of(appointment)
        self.offer(offered, appointment)

    def sent(self, name: str) -> Any:
        """A field's value as sent and cleaned, else None."""
        return getattr(self, "cleaned_data", {}).get(name)

    def _add_fields_of(self, appointment: Appointment) -> None:
        """What only an edit has. ``base`` carries what the form was filled with."""
        self.fields["scope"] = _scope_field(appointment)
        self.fields["overwrite"] = forms.BooleanField(
            label=_("Also in weeks where this was changed separately"), required=False
        )
        self.fields["base"] = bases.field(appointment)

    def clean_location(self) -> str:
        place = self.cleaned_data["location"]
        if self.appointment and place == self.appointment.location:
            return place  # it was let in once
        return clean_place(place)

    def clean_notes(self) -> str:
        """What was stored before today's rules is not changed by cleaning it."""
        notes = self.cleaned_data["notes"]
        stored = self.appointment.notes if self.appointment else notes
        return stored if notes == self.fields["notes"].clean(stored) else notes

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if {"date", "start_time", "end_time", "slot_minutes"} <= given.keys():
            found = self.appointment
            plan = self._plan(Plan.of(found) if found else EMPTY_PLAN)
            self.tried(lambda: self._check_edit(found, plan) if found else self._check_new(plan))
        return given

    def _plan(self, other: Plan) -> Plan:
        """What was sent, and ``other`` where that is wrong."""
        given = self.cleaned_data
        return Plan(
            topics=given.get("topics", other.topics),
            day=given["date"],
            start=given["start_time"],
            end=given["end_time"],
            **{name: given.get(name, value) for name, value in other.columns.items()},
        )

    def _check_new(self, plan: Plan) -> None:
        until = self.cleaned_data.get("repeat_until")
        weeks = self.tried(lambda: weekly(plan, until)) or [plan]
        check_times(plan, timezone.now(), weeks=weeks)
        self.plans, self.cleaned_data["plan"] = weeks, plan

    def _check_edit(self, found: Appointment, plan: Plan) -> None:
        given = self.cleaned_data
        given["plan"], given["base"] = plan, bases.opened(found, given.get("base", ""))
        chosen = list(in_scope(found, given.get("scope") or ONE))
        how = {"base": given["base"], "overwrite": given["overwrite"]}
        self.edited = appointments.becoming(found, plan, chosen, **how)

    @property
    def asked_anew(self) -> dict[str, Any]:
        """A valid new session, or series, as the service takes it."""
        return {
            name: self.cleaned_data[name] for name in ("plan", "repeat_until", "skip_conflicts")
        }

    @property
    def asked(self) -> dict[str, Any]:
        """A valid edit as the service takes it."""
        return {name: self.cleaned_data[name] for name in ("plan", "scope", "base", "overwrite")}

    def refill(self, appointment: Appointment) -> None:
        """Show what is there now where nothing was typed, and take that as the new base.

        So what was typed is kept, and what was changed elsewhere meanwhile too.
        """
        now = Plan.of(appointment)
        change = Change(self.cleaned_data["base"] or now, now, self.cleaned_data["plan"])
        data = self.data.copy()  # type: ignore[attr-defined]
        for name, value in bases.as_sent(change.applied(now)).items():
            data.setlist(name, value if isinstance(value, list) else [value])
        data["base"] = bases.sealed(appointment)
        self.data = data


class DeleteForm(RefusableForm):
    """Why a session is taken back, and how much of its series."""

    reason = LinesField(
        label=_("Reason"),
        max_length=REASON_MAX,
        help_text=_("It stays with the session, and is told to the students who booked."),
        error_messages={"required": NO_REASON},
        rows=3,
    )

    def __init__(self, appointment: Appointment, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["scope"] = _scope_field(appointment)


class CopyWeekForm(OpeningForm):
    """``week`` and ``to`` are any days of the two weeks."""

    week = WeekField(label=_("Copy the week of"), days=_given_days)
    to = WeekField(label=_("Into the week of"), days=bookable_days)
    skip_conflicts = forms.BooleanField(label=_("Leave out what clashes"), required=False)
