"""A TA's availability: appointments ("TA sessions"); their time slots are in ``slots``."""

import re
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from setahub.core import clock
from setahub.core.db.rows import QuickRow
from setahub.policy.current import policy
from topics.models import Topic

LOCATION_MAX = 500  # links into meetings are long
NOTES_MAX = 1000
REASON_MAX = 500

# The address of a page, as people type it: with its scheme, or a host and a path. Databases ask by
# it too, so that it has nothing that PostgreSQL reads otherwise.
ADDRESS = (
    r"https?://|(?:^|[^a-z0-9_])www\."
    r"|[a-z0-9]\.(?:com|us|gg|si|net|org|io|me|live|app|edu|[a-z]{2}\.th)/\S"
)
_ADDRESS = re.compile(ADDRESS, re.IGNORECASE)
_CODE = re.compile(r"pass ?(?:code|word)|meeting id|\bpin\b|รหัส", re.IGNORECASE)


class Cause(models.TextChoices):
    """Why something was cancelled where nobody typed a reason, as its people read it."""

    LEFT = "left", _("The other person has deleted their account.")
    TOPIC = "topic", _("Its topic is no longer offered.")
    STAFF = "staff", _("Cancelled by the faculty's staff.")


def is_at_hand(starts_at: datetime, ends_at: datetime, now: datetime | None = None) -> bool:
    """Whether it is on, or about to begin: when its people are shown the way in."""
    now = now or timezone.now()
    return starts_at - policy.join_before <= now < ends_at


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def open(self) -> "AppointmentQuerySet":
        """Appointments that were not cancelled."""
        return self.filter(cancelled_at__isnull=True)

    def of(self, ta_id: int) -> "AppointmentQuerySet":
        return self.filter(ta=ta_id)

    def upcoming(self, now: datetime) -> "AppointmentQuerySet":
        """Those whose end has not passed, soonest first.

        Ordered by the end, which for one TA is the order of the starts too, since they never
        overlap: one index serves the filter and the order.
        """
        return self.open().filter(ends_at__gt=now).order_by("ends_at")

    def completed(self, now: datetime) -> "AppointmentQuerySet":
        return self.open().filter(ends_at__lte=now).order_by("-ends_at")

    def cancelled(self) -> "AppointmentQuerySet":
        return self.filter(cancelled_at__isnull=False).order_by("-starts_at", "-pk")

    def overlapping(self, start: datetime, end: datetime) -> "AppointmentQuerySet":
        """Open ones that share time with [start, end); back-to-back is no overlap."""
        return self.open().filter(starts_at__lt=end, ends_at__gt=start)


class Appointment(QuickRow):
    """A stretch of time that a TA opens for booking, cut into slots of ``slot_minutes``.

    Two open appointments of one TA never overlap (``scheduling.constraints``).
    """

    ta = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="appointments",
        db_index=False,
        verbose_name=_("TA"),
    )
    topics = models.ManyToManyField(Topic, related_name="appointments", verbose_name=_("topics"))
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    slot_minutes = models.PositiveSmallIntegerField(_("slot length in minutes"))
    capacity = models.PositiveSmallIntegerField(_("seats per slot"), default=1)
    location = models.CharField(_("place"), max_length=LOCATION_MAX)
    notes = models.TextField(_("notes"), max_length=NOTES_MAX, blank=True)
    series = models.UUIDField(
        _("series"), null=True, blank=True, help_text=_("Shared by the weeks made at once.")
    )
    # What this week of a series was given by itself: names of scheduling.services.changes.
    own = models.CharField(max_length=100, blank=True, editable=False, default="", db_default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    cancel_reason = models.CharField(max_length=REASON_MAX, blank=True, editable=False)
    cancel_cause = models.CharField(
        max_length=10, choices=Cause, blank=True, default="", db_default="", editable=False
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("TA session")
        verbose_name_plural = _("TA sessions")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(capacity__range=(1, 20)), name="appointment_capacity_range"
            ),
        ]
        indexes = [
            models.Index(
                fields=["ta", "ends_at"],
                name="appointment_ta_end",
                condition=Q(cancelled_at__isnull=True),
            ),
            models.Index(fields=["ta", "starts_at"], name="appointment_ta_start"),
            models.Index(
                fields=["ends_at"], name="appointment_end", condition=Q(cancelled_at__isnull=True)
            ),
            models.Index(
                fields=["series", "starts_at"],
                name="appointment_series",
                condition=Q(series__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{clock.full(self.starts_at)} ({self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("scheduling:appointment", args=[self.pk])

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def why_cancelled(self) -> str:
        return self.cancel_reason or self.get_cancel_cause_display()

    @property
    def is_online(self) -> bool:
        """Whether its place has the address of a room, which only those who booked may read."""
        return _ADDRESS.search(self.location) is not None

    @property
    def is_address(self) -> bool:
        """Whether its place is that address and nothing else."""
        return re.fullmatch(r"https://\S+", self.location) is not None

    @property
    def keeps_notes(self) -> bool:
        """Whether its notes may be a way into the room, so that only those who booked read them."""
        way_in = _ADDRESS.search(self.notes) or _CODE.search(self.notes)
        return bool(self.notes) and (self.is_online or way_in is not None)

    @property
    def shows_way_in(self) -> bool:
        """Whether its TA needs the way in now, large."""
        return not self.is_cancelled and is_at_hand(self.starts_at, self.ends_at)

    def has_started(self, now: datetime | None = None) -> bool:
        return self.starts_at <= (now or timezone.now())

    def has_ended(self, now: datetime | None = None) -> bool:
        return self.ends_at <= (now or timezone.now())
