"""Bookings."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models.appointments import REASON_MAX, Cause, is_at_hand
from scheduling.models.reminders import Reminder
from scheduling.models.slots import TimeSlot
from setahub.core import clock
from setahub.core.db.rows import QuickRow
from setahub.policy.current import policy
from topics.models import Topic

QUESTION_MAX = 1000


class BookingQuerySet(models.QuerySet["Booking"]):
    def of_student(self, user_id: int) -> "BookingQuerySet":
        return self.filter(student=user_id)

    def of_ta(self, user_id: int) -> "BookingQuerySet":
        return self.filter(ta=user_id)

    def of(self, user_id: int) -> "BookingQuerySet":
        """Bookings that this user is part of, as student or as TA."""
        return self.filter(Q(student=user_id) | Q(ta=user_id))

    def between(self, one: int, other: int) -> "BookingQuerySet":
        """Coming bookings of two people with each other, in either role, soonest first."""
        pair = Q(student=one, ta=other) | Q(student=other, ta=one)
        return self.filter(pair).upcoming(timezone.now())

    def active(self) -> "BookingQuerySet":
        """Those that hold a seat and their people's time."""
        return self.filter(status=Booking.Status.BOOKED)

    def kept(self) -> "BookingQuerySet":
        """Those that were not cancelled: what counts as booked, wherever seats are counted."""
        return self.exclude(status=Booking.Status.CANCELLED)

    def upcoming(self, now: datetime) -> "BookingQuerySet":
        """Active ones whose end has not passed, soonest first."""
        return self.active().filter(ends_at__gt=now).order_by("starts_at", "pk")

    def inside(self, span: tuple[datetime, datetime]) -> "BookingQuerySet":
        """Those that start in [start, end)."""
        return self.filter(starts_at__gte=span[0], starts_at__lt=span[1])

    def completed(self, now: datetime) -> "BookingQuerySet":
        """Completed, no-show, and those whose end has passed; newest first."""
        over = Q(ends_at__lte=now) | Q(
            status__in=[Booking.Status.COMPLETED, Booking.Status.NO_SHOW]
        )
        return self.kept().filter(over).order_by("-starts_at", "-pk")

    def cancelled(self) -> "BookingQuerySet":
        return self.filter(status=Booking.Status.CANCELLED).order_by("-starts_at", "-pk")

    def given(self, now: datetime) -> "BookingQuerySet":
        """Completed, also where only the time has; none that a report of its student speaks against."""
        late = Q(status=Booking.Status.BOOKED, ends_at__lte=now - policy.auto_complete)
        said = Q(status=Booking.Status.COMPLETED)
        return self.kept().filter(said | late, ta_absent_at__isnull=True)

    def to_remind(self, which: Reminder, now: datetime) -> "BookingQuerySet":
        """Active ones whose time for this reminder has come, and which weren't looked at for it."""
        later_than, up_to = which.window(now)
        return (
            self.active()
            .filter(starts_at__gt=later_than, starts_at__lte=up_to)
            .exclude(**{which.field: F("starts_at")})
        )

    def reminded(self, which: Reminder, now: datetime) -> "BookingQuerySet":
        """Those that this reminder is for, of their present start, as long as it lies ahead."""
        return self.active().filter(starts_at__gt=now, **{which.field: F("starts_at")})

    def overdue(self, now: datetime) -> "BookingQuerySet":
        """Booked ones that count as completed by now; the first condition is what an index knows."""
        over = now - policy.auto_complete
        return self.active().filter(
            starts_at__lt=over, ends_at__lte=over, ta_absent_at__isnull=True
        )

    def with_words(self, words: Iterable[str]) -> "BookingQuerySet":
        """Those that have every word (folded for search) in their takeaway, topic or TA's name."""
        rows = self
        for word in words:
            rows = rows.filter(
                Q(takeaway__search_key__contains=word)
                | Q(topic__search_key__contains=word)
                | Q(topic__keywords_key__contains=word)
                | Q(ta__search_key__contains=word)
            )
        return rows

    def with_people(self) -> "BookingQuerySet":
        """Loads what every list and page of bookings shows along."""
        return self.select_related("student", "ta", "topic", "slot__appointment")


class Booking(QuickRow):
    """A student's seat in one time slot, for one topic. Never deleted: a cancelled one is history.

    ``starts_at`` and ``ends_at`` repeat the slot's times for the indexes of the hot lists.
    """

    class Status(models.TextChoices):
        BOOKED = "booked", _("booked")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")
        NO_SHOW = "no_show", _("no-show")

    slot = models.ForeignKey(TimeSlot, models.PROTECT, related_name="bookings")
    student = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="bookings_taken",
        db_index=False,
        verbose_name=_("student"),
    )
    ta = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="bookings_given",
        db_index=False,
        verbose_name=_("TA"),
    )
    topic = models.ForeignKey(
        Topic, models.PROTECT, related_name="bookings", verbose_name=_("topic")
    )
    # The cancelled booking that this one was made instead of: one for each.
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replacement",
        editable=False,
        verbose_name=_("instead of"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BOOKED)
    question = models.TextField(_("question"), validators=[MaxLengthValidator(QUESTION_MAX)])
    starts_at = models.DateTimeField(_("start"), editable=False)
    ends_at = models.DateTimeField(_("end"), editable=False)
    created_at = models.DateTimeField(_("booked at"), default=timezone.now, editable=False)
    moved_at = models.DateTimeField(_("moved at"), null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("cancelled by"),
    )
    cancel_reason = models.CharField(max_length=REASON_MAX, blank=True, editable=False)
    cancel_cause = models.CharField(
        max_length=10, choices=Cause, blank=True, default="", db_default="", editable=False
    )
    cancelled_late = models.BooleanField(_("cancelled late"), default=False, editable=False)
    # Taken off again by whoever settles it otherwise. Of a cancelled one it is why: the staff agreed.
    ta_absent_at = models.DateTimeField(
        _("student reported that the TA did not come"), null=True, blank=True, editable=False
    )
    # What the student was left before and lets this booking's TA read; none where they don't.
    shown_takeaway = models.ForeignKey(
        "scheduling.Takeaway",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    checked_in_at = models.DateTimeField(_("checked in at"), null=True, blank=True, editable=False)
    # What calendars know it by, and how often its time or place has changed, cancelling included.
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    revised_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The start that each reminder was sent for: after a move it is another, and due anew.
    reminded_day_for = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_hour_for = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["booked", "completed", "cancelled", "no_show"]),
                name="booking_status_known",
            ),
            models.CheckConstraint(condition=~Q(student=F("ta")), name="booking_not_own_slot"),
            models.CheckConstraint(
                condition=~Q(status="no_show", checked_in_at__isnull=False),
                name="booking_checked_in_came",
            ),
            models.UniqueConstraint(
                fields=["slot", "student"],
                condition=Q(status="booked"),
                name="booking_one_seat_each",
            ),
        ]
        indexes = [
            models.Index(
                fields=["student", "starts_at"],
                name="booking_student_active",
                condition=Q(status="booked"),
            ),
            models.Index(
                fields=["ta", "starts_at"], name="booking_ta_active", condition=Q(status="booked")
            ),
            models.Index(
                fields=["student", "starts_at"],
                name="booking_student_kept",
                condition=~Q(status="cancelled"),
            ),
            models.Index(
                fields=["ta", "starts_at"], name="booking_ta_kept", condition=~Q(status="cancelled")
            ),
            models.Index(fields=["student", "status", "starts_at"], name="booking_student_status"),
            models.Index(fields=["starts_at"], name="booking_start"),  # staff's lists and numbers
            # For the sweep: reminders, and what is over.
            models.Index(
                fields=["starts_at"], name="booking_active_start", condition=Q(status="booked")
            ),
        ]

    def __str__(self) -> str:
        return f"{clock.full(self.starts_at)} ({self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.starts_at, self.ends_at = self.slot.starts_at, self.slot.ends_at
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("scheduling:booking", args=[self.pk])

    def status_at(self, now: datetime) -> str:
        """The status that counts: a booked one is completed 24 hours after its end.

        Unless the student reported that the TA did not come; no job need have run.
        """
        if (
            self.status == self.Status.BOOKED
            and self.ta_absent_at is None
            and self.ends_at + policy.auto_complete <= now
        ):
            return self.Status.COMPLETED
        return self.status

    @property
    def effective_status(self) -> str:
        return self.status_at(timezone.now())

    @property
    def effective_status_label(self) -> str:
        return str(self.Status(self.effective_status).label)

    @property
    def is_running(self) -> bool:
        """Booked, and between its start and its end."""
        return self.status == self.Status.BOOKED and (
            self.starts_at <= timezone.now() < self.ends_at
        )

    @property
    def shows_way_in(self) -> bool:
        """Whether its two people need the way in now, large: of a booking that stands."""
        return self.status == self.Status.BOOKED and is_at_hand(self.starts_at, self.ends_at)

    @property
    def is_settled(self) -> bool:
        """Cancelled, completed or no-show."""
        return self.effective_status != self.Status.BOOKED

    @property
    def is_over(self) -> bool:
        """Settled, or its end has passed and nobody has said yet how it went."""
        return self.is_settled or self.ends_at <= timezone.now()

    def other_than(self, person: User) -> User:
        """The other one of its two people."""
        return self.ta if person.pk == self.student_id else self.student

    def shows_room_to(self, reader_id: int) -> bool:
        """Whether this person may read where it is, and the notes: with a cancelled one no student.

        Its TA still knows the own session.
        """
        return self.status != self.Status.CANCELLED or reader_id == self.ta_id

    def is_late_to_change(self, now: datetime) -> bool:
        """Within ``LATE_CANCEL`` of the start."""
        return now > self.starts_at - policy.late_cancel

    def is_in_grace(self, now: datetime) -> bool:
        """So soon after booking or moving that cancelling needs no reason."""
        return now - (self.moved_at or self.created_at) <= policy.late_cancel_grace

    @property
    def why_cancelled(self) -> str:
        return self.cancel_reason or self.get_cancel_cause_display()

    @property
    def ta_was_absent(self) -> bool:
        """The staff found what its student reported to be so."""
        return self.status == self.Status.CANCELLED and self.ta_absent_at is not None

    @property
    def was_taken_away(self) -> bool:
        """Cancelled, and not by its student."""
        return self.status == self.Status.CANCELLED and self.cancelled_by_id != self.student_id

    @property
    def placed_at(self) -> datetime:
        """When its people last heard of its time and place."""
        return self.revised_at or self.created_at
