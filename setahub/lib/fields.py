"""Form fields of no one app."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from setahub.lib import when


class DayField(forms.DateField):
    """A day as a date input sends it. A year that can't be meant is refused in words."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        day = value if isinstance(value, date) else when.read_date(str(value))
        if day is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if refusal := when.year_refusal(day):
            raise ValidationError(refusal, code="year")
        return day


class LinesField(forms.CharField):
    """Text of several lines. Ends of lines become ``\\n`` before it is measured.

    Browsers send two characters for an end of line and count one for ``maxlength``.
    """

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return (text or "").replace("\r\n", "\n").replace("\r", "\n")
