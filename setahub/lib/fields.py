"""Form fields of no one app."""

from typing import Any

from django import forms


class LinesField(forms.CharField):
    """Text of several lines. Ends of lines become ``\\n`` before it is measured.

    Browsers send two characters for an end of line and count one for ``maxlength``.
    """

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return (text or "").replace("\r\n", "\n").replace("\r", "\n")
