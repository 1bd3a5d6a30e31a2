"""A student's word against a no-show."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models.appointments import REASON_MAX
from scheduling.models.bookings import Booking


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def waiting(self) -> "DisputeQuerySet":
        """Those that staff have not decided, of bookings that are no-shows still."""
        return self.filter(decision="", booking__status=Booking.Status.NO_SHOW)

    def cleared(self) -> "DisputeQuerySet":
        """Those whose no-show counts nothing: nobody has decided it, or it was set aside."""
        return self.exclude(decision=Dispute.Decision.UPHELD)


class Dispute(models.Model):
    """A student says, once, that a no-show is wrong; staff decide. Until then it counts nothing."""

    class Decision(models.TextChoices):
        UPHELD = "upheld", _("the no-show stands")
        SET_ASIDE = "set_aside", _("the no-show doesn't count")

    booking = models.OneToOneField(
        Booking, models.PROTECT, related_name="dispute", verbose_name=_("booking")
    )
    reason = models.TextField(_("reason"), validators=[MaxLengthValidator(REASON_MAX)])
    created_at = models.DateTimeField(_("disputed at"), default=timezone.now, editable=False)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("decided by"),
    )

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("disputed no-show")
        verbose_name_plural = _("disputed no-shows")
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | Q(decision__in=["upheld", "set_aside"], decided_at__isnull=False),
                name="dispute_decided",
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], name="dispute_waiting", condition=Q(decision=""))
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} ({self.pk})"

    @property
    def is_waiting(self) -> bool:
        """As ``waiting``; the booking is loaded."""
        return not self.decision and self.booking.status == Booking.Status.NO_SHOW

    def decide(self, decision: "Dispute.Decision", staff: User) -> None:
        """Without storing it."""
        self.decision, self.decided_by, self.decided_at = decision, staff, timezone.now()
