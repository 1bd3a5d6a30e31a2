"""Who is where when: the one table behind "nobody is in two places"."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def overlapping(
        self, start: datetime | OuterRef, end: datetime | OuterRef
    ) -> "CommitmentQuerySet":
        """Commitments that share time with [start, end); back-to-back is no overlap."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Commitment(models.Model):
    """One person of one active booking, as its student or its TA.

    Only the triggers of ``scheduling.constraints`` write here, so the table is right whoever writes the
    booking; a person's rows never overlap, several seats of one slot aside.
    """

    class Role(models.TextChoices):
        STUDENT = "student", _("student")
        TA = "ta", _("TA")

    booking = models.ForeignKey("scheduling.Booking", models.CASCADE, related_name="commitments")
    slot = models.ForeignKey("scheduling.TimeSlot", models.CASCADE, related_name="commitments")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="commitments", db_index=False
    )
    role = models.CharField(max_length=7, choices=Role)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        indexes = [models.Index(fields=["person", "starts_at"], name="commitment_person_start")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.slot_id}"
