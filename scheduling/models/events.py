"""The history of bookings."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scheduling.models.appointments import LOCATION_MAX, Cause
from scheduling.models.bookings import Booking


class BookingEventQuerySet(models.QuerySet["BookingEvent"]):
    def with_booking(self) -> "BookingEventQuerySet":
        """Loads what an email about the event tells along."""
        return self.select_related(
            "actor", "booking__student", "booking__ta", "booking__topic",
            "booking__slot__appointment",
        )  # fmt: skip

    def changes_of(self, actor_id: int, since: datetime) -> "BookingEventQuerySet":
        """Bookings made, moved and cancelled by somebody, not along with a whole session."""
        kinds = BookingEvent.Kind
        return self.filter(
            actor=actor_id,
            created_at__gt=since,
            kind__in=[kinds.MADE, kinds.MOVED, kinds.CANCELLED],
            booking__slot__appointment__cancelled_at__isnull=True,
        )


class BookingEvent(models.Model):
    """One line of a booking's history: what happened, by whom, when and why."""

    class Kind(models.TextChoices):
        MADE = "made", _("Booked")
        MOVED = "moved", _("Moved")
        CHANGED = "changed", _("Session changed")
        CANCELLED = "cancelled", _("Cancelled")
        COMPLETED = "completed", _("Completed")
        NO_SHOW = "no_show", _("Marked as no-show")
        TA_ABSENT = "ta_absent", _("Reported: the TA did not come")
        CHECKED_IN = "checked_in", _("Checked in")
        UNCHECKED = "unchecked", _("Check-in undone")

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="events")
    kind = models.CharField(_("what happened"), max_length=10, choices=Kind)
    cause = models.CharField(max_length=10, choices=Cause, blank=True, default="", db_default="")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("who did it"),
    )
    detail = models.TextField(blank=True)  # a reason, in the words of whoever gave it
    # What changed in the session: {name of a field: [old, new]}. Older lines have it in ``detail``.
    changes = models.JSONField(null=True, editable=False)
    old_starts_at = models.DateTimeField(null=True)  # of what was moved or cancelled
    new_starts_at = models.DateTimeField(null=True)  # of what was made or moved
    created_at = models.DateTimeField(_("when"), default=timezone.now)
    # The booking as this left it, for the email about it, which may be sent after further changes.
    sequence = models.PositiveIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    place = models.CharField(max_length=LOCATION_MAX, blank=True)

    objects = BookingEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking event")
        verbose_name_plural = _("booking events")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["actor", "created_at"], name="event_actor_when")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.booking_id})"
