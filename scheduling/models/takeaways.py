"""What remains of a booking: what its TA leaves behind, and what its student says of it."""

from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.models.bookings import Booking
from setahub.core.keys import fold_search

TAKEAWAY_MAX = 500  # characters of each field
THANKS_MAX = 280


class TakeawayQuerySet(models.QuerySet["Takeaway"]):
    def of_student(self, user_id: int, topic_id: int) -> "TakeawayQuerySet":
        """Those that this student was left on the topic, of the newest session first."""
        own = self.filter(booking__student=user_id, booking__topic=topic_id)
        return own.order_by("-booking__starts_at", "-pk")


class Takeaway(models.Model):
    """What a TA leaves behind after a session: what was done, the next step, links.

    ``search_key`` is all of it, folded as everything that is searched.
    """

    booking = models.OneToOneField(Booking, models.PROTECT, related_name="takeaway")
    done = models.TextField(_("what you did"), validators=[MaxLengthValidator(TAKEAWAY_MAX)])
    next_step = models.TextField(
        _("next step"), validators=[MaxLengthValidator(TAKEAWAY_MAX)], blank=True
    )
    links = models.TextField(_("links"), validators=[MaxLengthValidator(TAKEAWAY_MAX)], blank=True)
    search_key = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)

    objects = TakeawayQuerySet.as_manager()

    class Meta:
        verbose_name = _("takeaway")
        verbose_name_plural = _("takeaways")

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_key = fold_search(f"{self.done}\n{self.next_step}\n{self.links}")
        super().save(*args, **kwargs)

    @property
    def version(self) -> str:
        """Differs once it was changed: what a draft was begun on."""
        return (self.edited_at or self.created_at).isoformat()


class ThanksQuerySet(models.QuerySet["Thanks"]):
    def said(self) -> "ThanksQuerySet":
        """Those that thank in words, which their TA reads."""
        return self.exclude(text="")

    def answered(self) -> "ThanksQuerySet":
        """Those that say whether it helped, which nobody reads one by one."""
        return self.exclude(helped="")


class Thanks(models.Model):
    """What a student says of a session: whether it helped, and thanks in words.

    ``text`` is for the TA. ``helped`` is for sums alone (``setahub.site.overview.helped``): no page, list
    or file shows one to anybody but its student.
    """

    class Helped(models.TextChoices):
        YES = "yes", pgettext_lazy("it helped", "Yes")
        PARTLY = "partly", pgettext_lazy("it helped", "Partly")
        NO = "no", pgettext_lazy("it helped", "No")

    booking = models.OneToOneField(Booking, models.PROTECT, related_name="thanks")
    helped = models.CharField(max_length=6, choices=Helped, blank=True)
    text = models.CharField(max_length=THANKS_MAX, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ThanksQuerySet.as_manager()

    class Meta:
        verbose_name = _("thanks")
        verbose_name_plural = _("thanks")
        constraints = [
            models.CheckConstraint(
                condition=Q(helped__in=["", "yes", "partly", "no"]), name="thanks_helped_known"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
