"""What people narrow free time by: the part of the day, and the kind of place."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Part(models.TextChoices):
    """A part of the day on the faculty's calendar; a time belongs to the one that it starts in."""

    MORNING = "morning", _("Morning")
    AFTERNOON = "afternoon", _("Afternoon")
    EVENING = "evening", _("Evening")

    @property
    def hours(self) -> tuple[int, int]:
        """Its first hour, and the one that it ends before."""
        return {Part.MORNING: (0, 12), Part.AFTERNOON: (12, 17), Part.EVENING: (17, 24)}[self]


class Place(models.TextChoices):
    """Where a session is; online when its place has the address of a room."""

    ONLINE = "online", _("Online")
    CAMPUS = "campus", _("On campus")
