"""A calendar of one's own."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.models import CALENDAR_NAME_MAX
from setahub.core.web.refusals import RefusableForm

URL_MAX = 1000


class CalendarForm(RefusableForm):
    """``name`` and ``url``; calendar programs write ``webcal://`` for the same address."""

    name = forms.CharField(
        label=_("What you call it"),
        max_length=CALENDAR_NAME_MAX,
        widget=forms.TextInput(attrs={"placeholder": _("Classes")}),
    )
    url = forms.CharField(
        label=_("Its address"),
        max_length=URL_MAX,
        help_text=_(
            "An https address that ends in .ics as a rule, such as the class timetable's, or the secret"
            " address in Google Calendar's settings."
        ),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        return "https://" + url[9:] if url.lower().startswith("webcal://") else url
