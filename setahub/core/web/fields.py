"""Form fields of no one app, and what holds for all of them."""

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from setahub.core import clock
from setahub.core.text import MARKS_MAX, has_look_alikes, has_piled_marks, trimmed
from setahub.core.web.inputs import (
    MIDNIGHT,
    Days,
    DaySelect,
    TimeSelect,
    WeeksAheadSelect,
    WeekSelect,
)

_as_django_does = forms.Field.clean


class FieldRenderer(TemplatesSetting):
    """Draws ``{{ form }}`` and ``{{ form.name.as_field_group }}`` with the site's own templates."""

    form_template_name = "shared/_form.html"
    field_template_name = "shared/_field_group.html"


def drop_invisible_ends() -> None:
    """From now on what shows nothing is dropped at the ends of what people type, in every form.

    In Django's own field, since the forms of its admin and of allauth are made of it too: text,
    numbers, days, times, choices. Fields with ``strip=False`` (passwords, messages) stay as they
    are.
    """
    forms.Field.clean = _clean  # type: ignore[method-assign]


def _clean(self: forms.Field, value: Any) -> Any:
    wanted = getattr(self, "strip", True) and isinstance(value, str)
    if wanted and "\0" not in value:  # that is refused, not mended
        value = trimmed(value)
    return _as_django_does(self, value)


def validate_reads_as_it_is(name: str) -> None:
    """A name that passes for no other one, and keeps to its line. Raises ValidationError."""
    if has_look_alikes(name):
        raise ValidationError(
            _("This mixes letters of different alphabets that look the same. Use one alphabet."),
            code="look_alikes",
        )
    if has_piled_marks(name):
        raise ValidationError(
            _("At most %(max)d accents or other marks on one letter."),
            code="marks",
            params={"max": MARKS_MAX},
        )


def a_year_ahead() -> tuple[date, date]:
    """From today on."""
    return clock.today(), clock.today() + timedelta(days=365)


class DayField(forms.DateField):
    """A day, chosen from ``days()`` or sent as ISO.

    Whether it lies within them is for the rules to say; a year that can't be meant is refused here,
    in words.
    """

    select: type[DaySelect] = DaySelect

    def __init__(self, *, days: Days = a_year_ahead, **options: Any) -> None:
        super().__init__(widget=self.select(days), **options)

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        day = value if isinstance(value, date) else clock.read_date(str(value))
        if day is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if refusal := clock.year_refusal(day):
            raise ValidationError(refusal, code="year")
        return day


class WeekField(DayField):
    """A week, by any of its days."""

    select = WeekSelect


class WeeksAheadField(DayField):
    """A day, chosen from those that lie whole weeks ahead; any other can be sent."""

    select = WeeksAheadSelect


class ClockField(forms.TimeField):
    """A time of day, chosen in steps of a quarter; which times can be, is for the rules to say."""

    ends = False
    input_formats = ["%H:%M", "%H:%M:%S"]

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=TimeSelect(ends=self.ends), **options)


class EndField(ClockField):
    """When something ends: ``00:00`` and ``24:00`` are midnight at the end of the day."""

    ends = True

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str) and value.strip() in (MIDNIGHT, f"{MIDNIGHT}:00"):
            return time.min
        return super().to_python(value)


class LinesField(forms.CharField):
    """Text of several lines. Ends of lines become ``\\n`` before it is measured.

    Browsers send two characters for an end of line and count one for ``maxlength``.
    """

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return (text or "").replace("\r\n", "\n").replace("\r", "\n")
