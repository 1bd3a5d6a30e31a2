"""What a TA asks to be spared."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.models import TeachingLimits
from scheduling.models.care import IN_A_ROW_MOST, WEEKLY_MOST
from setahub.core import clock
from setahub.core.web.fields import DayField
from setahub.core.web.refusals import RefusableForm


class TeachingForm(RefusableForm):
    """A TA's own limits; an empty field is none."""

    weekly_slots = forms.IntegerField(
        label=_("Booked slots in a week, at most"),
        min_value=1,
        max_value=WEEKLY_MOST,
        required=False,
        help_text=_(
            "When so many are booked, the rest of that week, Monday to Sunday, is not offered."
        ),
    )
    slots_in_a_row = forms.IntegerField(
        label=_("Booked slots in a row, at most"),
        min_value=1,
        max_value=IN_A_ROW_MOST,
        required=False,
        help_text=_("After so many without a pause, the next slot stays free for you."),
    )
    away_until = DayField(
        label=_("Away until"),
        required=False,
        help_text=_(
            "Up to this day, the day included, none of your free times are offered. What is booked stays; "
            "what is only held for somebody is let go, and they are told."
        ),
    )

    @classmethod
    def of(cls, limits: TeachingLimits) -> "TeachingForm":
        """With the limits as they are; a day that is over is none."""
        away = limits.away_until
        return cls(
            initial={
                "weekly_slots": limits.weekly_slots,
                "slots_in_a_row": limits.slots_in_a_row,
                "away_until": away if away and away >= clock.today() else None,
            }
        )
