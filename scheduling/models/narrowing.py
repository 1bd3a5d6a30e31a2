"""What people narrow free time by: the part of the day, and the kind of place."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from setahub.core import clock


class Part(models.TextChoices):
    """A part of the day on the faculty's calendar; a time belongs to the one that it starts in."""

    MORNING = "morning", _("Morning")
    AFTERNOON = "afternoon", _("Afternoon")
    EVENING = "evening", _("Evening")

    @classmethod
    def of(cls, moment: datetime) -> "Part":
        """The one that a time which starts then belongs to."""
        hour = clock.local(moment).hour
        return next(part for part in cls if part.hours[0] <= hour < part.hours[1])

    @property
    def hours(self) -> tuple[int, int]:
        """Its first hour, and the one that it ends before."""
        return {Part.MORNING: (0, 12), Part.AFTERNOON: (12, 17), Part.EVENING: (17, 24)}[self]


class Place(models.TextChoices):
    """Where a session is; online when its place has the address of a room."""

    ONLINE = "online", _("Online")
    CAMPUS = "campus", _("On campus")
