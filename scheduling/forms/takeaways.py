"""What is typed once a session is over: the TA's takeaway, the student's thanks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.models import Takeaway, Thanks
from scheduling.models.takeaways import TAKEAWAY_MAX, THANKS_MAX
from setahub.core.links import is_secure_address
from setahub.core.text import trimmed
from setahub.core.web.fields import LinesField
from setahub.core.web.refusals import RefusableForm


class TakeawayForm(RefusableForm):
    """Three short fields, a minute."""

    done = LinesField(
        label=_("What you did"),
        max_length=TAKEAWAY_MAX,
        rows=3,
        error_messages={"required": _("Write a sentence, so that something remains.")},
    )
    next_step = LinesField(
        label=_("Next step"),
        max_length=TAKEAWAY_MAX,
        rows=3,
        required=False,
        help_text=_("What to try alone before the next time."),
    )
    links = LinesField(
        label=_("Links"),
        max_length=TAKEAWAY_MAX,
        rows=3,
        required=False,
        help_text=_("Addresses that begin with https://, one a line."),
    )

    @classmethod
    def of(cls, takeaway: Takeaway | None) -> "TakeawayForm":
        """With what was left, if anything was."""
        names = cls.base_fields
        return cls(initial={name: getattr(takeaway, name, "") for name in names})

    def clean_links(self) -> str:
        lines = [trimmed(line) for line in self.cleaned_data["links"].splitlines()]
        links = [line for line in lines if line]
        for link in links:
            if not is_secure_address(link):
                words = _("“%(line)s” is not one address that begins with https://.")
                raise forms.ValidationError(words, params={"line": link[:60]})
        return "\n".join(links)


class ThanksForm(RefusableForm):
    """Either is enough."""

    helped = forms.ChoiceField(
        label=_("Did it help?"),
        choices=Thanks.Helped.choices,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose yes, partly or no.")},
    )
    thanks = LinesField(
        label=_("Thanks"),
        max_length=THANKS_MAX,
        rows=2,
        required=False,
        help_text=_("Your TA reads this."),
    )

    @classmethod
    def of(cls, said: Thanks | None) -> "ThanksForm":
        """With what was said, if anything was."""
        return cls(initial={"helped": said.helped, "thanks": said.text} if said else None)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not given.get("helped") and not given.get("thanks"):
            raise forms.ValidationError(_("Say whether it helped, or thank your TA."))
        return given


class ShowForm(forms.Form):
    """Whether the TA of a booking may read what the student was left before."""

    show_takeaway = forms.BooleanField(required=False)
