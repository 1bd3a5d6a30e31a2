"""Calendars of people's own, which say when they are busy."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

CALENDAR_NAME_MAX = 50


class BusyCalendar(models.Model):
    """One person's calendar, somewhere else. Its address lets in whoever has it, so it is sealed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="busy_calendars"
    )
    name = models.CharField(_("name"), max_length=CALENDAR_NAME_MAX)
    sealed_url = models.TextField(editable=False)
    etag = models.CharField(max_length=200, blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    next_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    read_at = models.DateTimeField(null=True, editable=False)
    # Since when reading it fails, why (a code), and when its owner was told.
    failing_since = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=20, blank=True, default="", editable=False)
    told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("calendar of one's own")
        verbose_name_plural = _("calendars of one's own")

    def __str__(self) -> str:
        return f"#{self.pk}"


class BusyTimeQuerySet(models.QuerySet["BusyTime"]):
    def of(self, user_id: int) -> "BusyTimeQuerySet":
        return self.filter(calendar__user=user_id)

    def overlapping(self, start: datetime, end: datetime) -> "BusyTimeQuerySet":
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class BusyTime(models.Model):
    """A stretch in which such a calendar says that its person is busy; what for is not kept."""

    calendar = models.ForeignKey(BusyCalendar, models.CASCADE, related_name="times")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = BusyTimeQuerySet.as_manager()

    class Meta:
        verbose_name = _("busy time")
        verbose_name_plural = _("busy times")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="busytime_ends_later"
            )
        ]
        indexes = [models.Index(fields=["calendar", "ends_at"], name="busytime_of_calendar")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"
