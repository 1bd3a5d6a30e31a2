"""What TAs ask to be spared: how much in a week, how much at a stretch, and when they are away."""

from datetime import date, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from setahub.core import clock

WEEKLY_MOST = 200
IN_A_ROW_MOST = 16


class TeachingLimits(models.Model):
    """One TA's own limits. Without a row, and in an empty field, there is none.

    They keep free time, and nothing that is booked: a slot in which somebody has a seat, taken or
    held, may be filled. While the TA is away nothing is held. Which slots they spare stands in ``TimeSlot.spared``.
    """

    ta = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="teaching_limits",
        verbose_name=_("TA"),
    )
    weekly_slots = models.PositiveSmallIntegerField(
        _("booked slots in a week"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(WEEKLY_MOST)],
    )
    slots_in_a_row = models.PositiveSmallIntegerField(
        _("booked slots in a row"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(IN_A_ROW_MOST)],
    )
    # The moment from which on free time is offered again.
    back_at = models.DateTimeField(_("back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("limits of a TA")
        verbose_name_plural = _("limits of TAs")

    def __str__(self) -> str:
        return str(self.ta_id)

    @property
    def away_until(self) -> date | None:
        """The last day away, on the faculty's calendar."""
        return clock.local(self.back_at).date() - timedelta(days=1) if self.back_at else None

    @property
    def is_away(self) -> bool:
        return self.back_at is not None and self.back_at > timezone.now()

    @property
    def is_empty(self) -> bool:
        return (self.weekly_slots, self.slots_in_a_row, self.back_at) == (None, None, None)
