"""The days that a record is about."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from setahub.core.web.fields import DayField
from setahub.core.web.refusals import RefusableForm


class SpanForm(forms.Form):
    """Which days are summed up; it is only drawn: an address of other days is read as it is."""

    def __init__(self, first: date, last: date, days: tuple[date, date]) -> None:
        super().__init__(initial={"from": first, "to": last})
        self.fields["from"] = DayField(label=_("From"), days=lambda: days)
        self.fields["to"] = DayField(label=_("To"), days=lambda: days)


class IssueForm(RefusableForm):
    """The span to be issued; it was chosen before."""

    from_day = DayField(label=_("From"))
    to_day = DayField(label=_("To"))
