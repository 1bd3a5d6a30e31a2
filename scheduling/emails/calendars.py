"""What emails about calendars of people's own say."""

from django.urls import reverse
from django.utils.translation import gettext as _

from scheduling.models import BusyCalendar
from setahub.core.mail import Email
from setahub.core.web.own import told


def calendar_fails(calendar: BusyCalendar) -> Email:
    """For its owner: a calendar of their own has not been read for a day."""
    return Email(
        subject=_("Your calendar “%(name)s” can't be read") % {"name": calendar.name},
        lead=[
            told(
                _(
                    "For a day we have not been able to read your calendar “%(name)s”. When it said"
                    " that you are busy is still shown as it was last seen."
                ),
                {"name": calendar.name},
            ),
            _("Its address may have changed. You can remove it and name it anew."),
        ],
        action=(_("My calendars"), reverse("scheduling:busy_calendars")),
    )
