"""What a TA types: a session, its end, a week to open again."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Appointment
from scheduling.models.appointments import LOCATION_MAX, NOTES_MAX, REASON_MAX
from scheduling.services import appointments
from scheduling.services.appointments import NO_REASON
from scheduling.services.plan import Plan, check_times, weekly
from setahub.lib.fields import DayField, LinesField
from setahub.lib.policy import policy
from setahub.lib.text import turns, without_invisible
from topics.models import Topic

# "Room: 504" is a room; "http://…" and "javascript:…" are no rooms.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?=\S)|(?:javascript|vbscript|data|http):", re.IGNORECASE)


class ClockField(forms.TimeField):
    """A time of day on the quarter hour; whether it is one, the rules of the plan say."""

    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "900"})
    input_formats = ["%H:%M", "%H:%M:%S"]


class TopicsField(forms.MultipleChoiceField):
    """Some of the topics given to ``offer``, sent as ids or slugs; cleans to a list of topics."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.offer([])

    def offer(self, topics: Sequence[Topic]) -> None:
        self.topics = {topic.slug: topic for topic in topics}
        self.topics |= {str(topic.pk): topic for topic in topics}  # an id wins over a slug
        self.choices = [(topic.pk, topic.name) for topic in topics]

    def prepare_value(self, value: Any) -> Any:
        """What was sent as a slug is ticked like an id."""
        handles = [str(each) for each in value or []]
        return [self.topics[each].pk if each in self.topics else each for each in handles]

    def clean(self, value: Any) -> list[Topic]:
        handles = [str(each) for each in value or []]
        if not handles:
            raise ValidationError(self.error_messages["required"], code="required")
        if not all(each in self.topics for each in handles):
            raise ValidationError(_("Choose topics that you teach."), code="invalid_choice")
        return list({self.topics[each].pk: self.topics[each] for each in handles}.values())


def clean_place(text: str) -> str:
    """A room in words, or a link with ``https`` that stands alone. Raises ValidationError."""
    place = " ".join(text.split())
    if turns(place) or any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in place):
        raise ValidationError(_("Only letters, digits and signs, please."))
    if not place.lower().startswith("https:"):
        if _SCHEME.match(place):
            raise ValidationError(_("Name a room, or give a link that begins with https://."))
        return place
    link = "https:" + place[len("https:") :]
    try:
        if without_invisible(link) != link:
            raise ValidationError("")
        URLValidator(schemes=["https"])(link)
    except ValidationError as error:
        raise ValidationError(
            _("This isn't a whole link. A link stands alone; a code for it goes into the notes.")
        ) from error
    return link


def _scope_field(appointment: Appointment) -> forms.ChoiceField:
    """One, or it and the later ones of its series; shown only where there are later ones."""
    later = len(appointments.in_scope(appointment, appointments.FOLLOWING)) - 1
    following = ngettext(
        "This one and the %(later)d after it", "This one and the %(later)d after it", later
    )
    field = forms.ChoiceField(
        label=_("Which sessions"),
        choices=[
            (appointments.ONE, _("Only this one")),
            (appointments.FOLLOWING, following % {"later": later}),
        ],
        initial=appointments.ONE,
        required=False,
        widget=forms.RadioSelect,
    )
    field.later = later  # type: ignore[attr-defined]
    return field


def _seats_field(appointment: Appointment | None) -> forms.IntegerField:
    """As many as the policy allows now; a session made under an earlier one keeps its seats."""
    most = max(policy.max_seats, appointment.capacity if appointment else 0)
    return forms.IntegerField(
        label=_("Seats in each slot"),
        min_value=1,
        max_value=most,
        help_text=_("More than one when you help a group at once."),
        error_messages={
            "required": _("Say how many."),
            "min_value": _("At least %(limit_value)d."),
            "max_value": _("At most %(limit_value)d."),
        },
    )


class RefusableForm(forms.Form):
    """A form that shows what a service refused: beside its field, or above all of them."""

    refusal: SchedulingError | None = None

    def refuse(self, error: SchedulingError) -> None:
        if error.field in self.fields:
            self.add_error(error.field, error.message)
        else:
            # Without the frames that it came through: one of them has this form.
            self.refusal = error.with_traceback(None)


class AppointmentForm(RefusableForm):
    """A new session (or a weekly series of it), or changes to ``appointment``.

    ``plan`` (also in ``cleaned_data``) is there as soon as the times are right, so that a preview
    needs no place yet.
    """

    topics = TopicsField(
        label=_("Topics"), error_messages={"required": _("Choose at least one topic.")}
    )
    date = DayField(label=_("Day"))
    start_time = ClockField(label=_("From"))
    end_time = ClockField(label=_("To"))
    slot_minutes = forms.TypedChoiceField(
        label=_("Length of a slot"),
        coerce=int,
        choices=lambda: [
            (minutes, _("%(minutes)d min") % {"minutes": minutes})
            for minutes in policy.slot_minutes
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a length.")},
    )
    capacity = forms.IntegerField()  # its bounds depend on the policy: see _seats_field
    location = forms.CharField(
        label=_("Place"),
        max_length=LOCATION_MAX,
        help_text=_("A room, or an https link for an online session."),
        error_messages={"required": _("Say where: a room, or an https link.")},
    )
    notes = LinesField(
        label=_("Notes"),
        max_length=NOTES_MAX,
        required=False,
        help_text=_("Shown to the students who book: what to bring, how to find you."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    repeat_until = DayField(
        label=_("Repeat weekly until"),
        required=False,
        help_text=_("The same weekday and times, each week up to this day."),
    )
    skip_conflicts = forms.BooleanField(label=_("Leave out weeks that clash"), required=False)

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
        self.plan: Plan | None = None
        offered = list(Topic.objects.taught_by(ta.pk).order_by("name_key"))
        if appointment is not None:
            offered += [each for each in appointment.topics.all() if each not in offered]
            del self.fields["repeat_until"], self.fields["skip_conflicts"]
            self.fields["scope"] = _scope_field(appointment)
        self.fields["capacity"] = _seats_field(appointment)
        self.fields["topics"].offer(offered)  # type: ignore[attr-defined]

    def sent(self, name: str) -> Any:
        """A field's value as sent and cleaned, else None."""
        return getattr(self, "cleaned_data", {}).get(name)

    def clean_location(self) -> str:
        return clean_place(self.cleaned_data["location"])

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or appointments.ONE

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if {"date", "start_time", "end_time", "slot_minutes"} <= given.keys():
            plan = Plan(
                topics=given.get("topics", []),
                day=given["date"],
                start=given["start_time"],
                end=given["end_time"],
                slot_minutes=given["slot_minutes"],
                capacity=given.get("capacity", 1),
                location=given.get("location", ""),
                notes=given.get("notes", ""),
            )
            try:
                began = self.appointment.starts_at if self.appointment else None
                check_times(plan, timezone.now(), began=began)
                self.plan = given["plan"] = plan
                weekly(plan, given.get("repeat_until"))
            except SchedulingError as error:
                self.refuse(error)
        return given


class DeleteForm(RefusableForm):
    """Why a session is taken back, and how much of its series."""

    reason = LinesField(
        label=_("Reason"),
        max_length=REASON_MAX,
        help_text=_("It stays with the session, and is told to the students who booked."),
        error_messages={"required": NO_REASON},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, appointment: Appointment, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["scope"] = _scope_field(appointment)

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or appointments.ONE


class CopyWeekForm(RefusableForm):
    """``week`` and ``to`` are any days of the two weeks."""

    week = DayField(label=_("Copy the week of"))
    to = DayField(label=_("Into the week of"))
    skip_conflicts = forms.BooleanField(label=_("Leave out what clashes"), required=False)
