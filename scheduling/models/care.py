"""What TAs ask to be spared: how much in a week, how much at a stretch, and when they are away."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from setahub.core import clock
from setahub.core.db.prepared import prepared
from setahub.policy.current import LONGEST_SESSION

WEEKLY_MOST = 200
IN_A_ROW_MOST = 16
LONGEST_SLOT = timedelta(hours=1)
FAR = IN_A_ROW_MOST * LONGEST_SLOT  # no stretch of so many slots reaches further
# How far from a slot a session can begin of which a slot lies in its week, or near to it: they follow
# from the times of the slots, and let the search begin at few of a TA's sessions.
OF_ITS_WEEK, NEAR = timedelta(days=7) + LONGEST_SESSION, FAR + LONGEST_SESSION + LONGEST_SLOT


class TeachingLimits(models.Model):
    """One TA's own limits. Without a row, and in an empty field, there is none.

    They keep free time, and nothing that is booked or offered: a slot in which somebody has a seat
    may be filled. ``TimeSlot.objects.free()`` asks the conditions below.
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


def any_limited(*, ta: int | None = None, topic: int | None = None) -> bool:
    """Whether anybody has limits, that TA has, or anybody who teaches the topic. One query."""
    return _limited(ta, topic).first() is not None


@prepared
def _limited(ta: int | None, topic: int | None) -> "QuerySet[TeachingLimits, int]":
    limits = TeachingLimits.objects.values_list("pk", flat=True)
    if ta is not None:
        limits = limits.filter(ta=ta)
    return limits if topic is None else limits.filter(ta__registrations__topic=topic)


# --- Conditions of a time slot ------------------------------------------------------------------


def spared(weeks: Sequence[Any], leaving_id: Any = None) -> Q:
    """That a limit of its TA keeps a slot from being free.

    ``weeks``: the beginnings of the faculty's weeks, from the one that is on to one that lies
    beyond the slot. ``leaving_id``: a booking that doesn't count.
    """
    # TAs with limits are few: nothing more is looked at for the slots of others.
    limited = Q(appointment__ta__in=TeachingLimits.objects.values("ta"))
    return limited & (away() | full_week(weeks, leaving_id) | due_a_break(leaving_id))


def away() -> Q:
    return Q(Exists(_limits().filter(back_at__gt=OuterRef("starts_at"))))


def full_week(weeks: Sequence[Any], leaving_id: Any = None) -> Q:
    """That as many slots of its TA are engaged in its week as they take."""
    start = Case(
        *(When(here__lt=later, then=week) for week, later in pairwise(weeks)), default=weeks[-1]
    )
    end = Case(*(When(here__lt=week, then=week) for week in weeks[1:]), default=weeks[-1])
    moment = ExpressionWrapper(_of_slot("starts_at", 2), output_field=models.DateTimeField())
    others = _engaged_of_ta(2, leaving_id, OF_ITS_WEEK).alias(here=moment)
    others = others.filter(starts_at__gte=start, starts_at__lt=end)
    reached = _limits().filter(weekly_slots__isnull=False, weekly_slots__lte=_count(others))
    return ~_engaged(leaving_id) & Q(Exists(reached))


def due_a_break(leaving_id: Any = None) -> Q:
    """That with it, more slots of its TA would be engaged in a row than they take."""
    # Where the stretch begins and ends that meets the slot: beyond the nearest others that touch none.
    begun = (
        _engaged_of_ta(3, leaving_id, NEAR)
        .filter(ends_at__lt=_of_slot("starts_at", 3), starts_at__gt=_of_slot("starts_at", 3) - FAR)
        .exclude(Exists(_engaged_of_ta(4, leaving_id, NEAR).filter(starts_at=OuterRef("ends_at"))))
    )
    ended = (
        _engaged_of_ta(3, leaving_id, NEAR)
        .filter(starts_at__gt=_of_slot("ends_at", 3), ends_at__lt=_of_slot("ends_at", 3) + FAR)
        .exclude(Exists(_engaged_of_ta(4, leaving_id, NEAR).filter(ends_at=OuterRef("starts_at"))))
    )
    first = Subquery(begun.order_by("-ends_at").values("ends_at")[:1])
    last = Subquery(ended.order_by("starts_at").values("starts_at")[:1])
    stretch = _engaged_of_ta(2, leaving_id, NEAR).filter(
        starts_at__gte=Coalesce(first, _of_slot("starts_at", 2) - FAR),
        ends_at__lte=Coalesce(last, _of_slot("ends_at", 2) + FAR),
    )
    reached = _limits().filter(slots_in_a_row__isnull=False, slots_in_a_row__lte=_count(stretch))
    return ~_engaged(leaving_id) & Q(Exists(reached))


def _limits() -> "QuerySet[TeachingLimits]":
    return TeachingLimits.objects.filter(ta=OuterRef("appointment__ta"))


def _engaged(leaving_id: Any) -> Q:
    """That somebody has booked a slot, however it went, or that an offer holds a seat."""
    kept = apps.get_model("scheduling", "Booking").objects.kept().filter(slot=OuterRef("pk"))
    if leaving_id is not None:
        kept = kept.exclude(pk=leaving_id)
    return Q(held__gt=0) | Q(Exists(kept))


def _engaged_of_ta(depth: int, leaving_id: Any, far: timedelta) -> "QuerySet[Any]":
    """The engaged slots of the TA of the slot that is asked about, so many queries further out.

    Of sessions that begin no further from it than ``far``.
    """
    slots = apps.get_model("scheduling", "TimeSlot").objects.order_by()
    start = _of_slot("starts_at", depth)
    return slots.filter(
        _engaged(leaving_id),
        appointment__ta=_of_slot("appointment__ta", depth),
        appointment__starts_at__gt=start - far,
        appointment__starts_at__lt=start + far,
    )


def _of_slot(name: str, depth: int) -> OuterRef:
    """A field of the slot that is asked about, so many queries further out."""
    reference = OuterRef(name)
    for _level in range(depth - 1):
        reference = OuterRef(reference)
    return reference


def _count(slots: "QuerySet[Any]") -> Subquery:
    counted = slots.values("appointment__ta").annotate(count=Count("pk"))
    return Subquery(counted.values("count"))
