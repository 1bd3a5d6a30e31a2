"""The time slots of appointments, and which of them are free."""

from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import ExtractHour
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models.appointments import ADDRESS, Appointment
from scheduling.models.care import TeachingLimits
from scheduling.models.commitments import Commitment
from scheduling.models.narrowing import Part, Place
from setahub.core import clock
from setahub.core.db.prepared import unseen
from setahub.core.db.rows import QuickRow
from setahub.policy.current import LONGEST_SESSION, policy
from topics.models import Registration


@dataclass(frozen=True)
class Bookable:
    """When slots must start to be bookable at ``now``: what the policy says, exam weeks included.

    In one of the spans from ``starts`` to ``ends``, of which the last has no end, and by ``until``.
    """

    now: datetime
    until: datetime
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]

    @classmethod
    def at(cls, now: datetime | None = None) -> "Bookable":
        now = now or timezone.now()
        spans = policy.bookable_spans(now)
        return cls(
            now,
            now + policy.horizon,
            tuple(start for start, _end in spans),
            tuple(end for _start, end in spans if end is not None),
        )

    def within_horizon(self) -> Q:
        """That a slot starts by ``until``."""
        in_time = Q(starts_at__lte=self.until)
        return in_time if isinstance(self.until, datetime) else unseen(in_time)

    def keeps_notice(self) -> Q:
        """That a slot starts in one of the spans."""
        in_a_span = Q()
        for start, end in zip_longest(self.starts, self.ends):
            span = Q(starts_at__gte=start)
            in_a_span |= span if end is None else span & Q(starts_at__lt=end)
        return in_a_span


class TimeSlotQuerySet(models.QuerySet["TimeSlot"]):
    def standing(self) -> "TimeSlotQuerySet":
        """Slots that their appointment still has."""
        return self.filter(withdrawn=False)

    def free(
        self,
        *,
        topic_id: int | None = None,
        bookable: Bookable | None = None,
        leaving_id: int | None = None,
        own_seat: bool = False,
        limited: bool = True,
    ) -> "TimeSlotQuerySet":
        """Slots that any user could book now, for any of their topics or for one.

        The one definition of "free" (SPEC, section 2): notice, horizon, a seat neither taken nor
        held, the TA active, approved, not away, within their own limits and not otherwise booked, the
        topic not archived.
        ``leaving_id``: a booking that would give up its seat, so that neither this nor its TA's
        time counts. ``own_seat``: one of the seats is held for who asks. Not ``limited``: whatever
        its TA's own limits spare.
        """
        bookable = bookable or Bookable.at()
        if topic_id is not None:
            return self._free_for(
                Q(appointment__topics=topic_id), bookable, leaving_id, own_seat, limited
            )
        taught = Appointment.topics.through.objects.filter(
            appointment=OuterRef("appointment"),
            topic__archived_at__isnull=True,
            topic__registrations__user=OuterRef("appointment__ta"),
            topic__registrations__status="approved",
        )
        return self._with_room(bookable, leaving_id, own_seat, limited).filter(
            unseen(Q(Exists(taught)))
        )

    def free_each_topic(
        self, which: Q, bookable: Bookable, *, own_seat: bool = False
    ) -> "TimeSlotQuerySet":
        """Free slots, each once for every topic (``topic``, its id) that it can be booked for.

        ``which`` chooses among them; what it says of ``appointment__topics`` is about that topic.
        """
        return self._free_for(which, bookable, None, own_seat)

    def _free_for(
        self,
        which: Q,
        bookable: Bookable,
        leaving_id: int | None,
        own_seat: bool,
        limited: bool = True,
    ) -> "TimeSlotQuerySet":
        """Each free slot once for every topic that ``which`` lets through."""
        taught = Registration.objects.approved().filter(
            user=OuterRef("appointment__ta"),
            topic=OuterRef("topic"),
            topic__archived_at__isnull=True,
        )
        return (
            self._with_room(bookable, leaving_id, own_seat, limited)
            .filter(which, appointment__topics__isnull=False)
            .annotate(topic=F("appointment__topics"))
            .filter(Exists(taught))
        )

    def _with_room(
        self, bookable: Bookable, leaving_id: int | None, own_seat: bool, limited: bool = True
    ) -> "TimeSlotQuerySet":
        """All that "free" says apart from topics."""
        # As a student: sessions of one TA never overlap (``scheduling.constraints``), nor slots of one.
        elsewhere = Commitment.objects.overlapping(
            OuterRef("starts_at"), OuterRef("ends_at")
        ).filter(
            person=OuterRef("appointment__ta"),
            role=Commitment.Role.STUDENT,
            # No slot is longer than a session may be: this bound lets the index end the search.
            starts_at__gt=OuterRef("starts_at") - LONGEST_SESSION,
        )
        slots = self.standing()
        # A held seat is there: the database keeps taken and held within the seats.
        has_room = Q(taken__lt=F("capacity")) if own_seat else self._has_room(bookable.now)
        if leaving_id is not None:
            seat = Commitment.objects.filter(booking=leaving_id, slot=OuterRef("pk"))
            has_room |= Q(Exists(seat))
        if limited:
            slots = slots.filter(spared=False)
        return slots.filter(
            ~unseen(Q(Exists(elsewhere))),
            bookable.keeps_notice(),
            # Suspended ones are few: a list of them is quicker than a look at each slot's TA.
            ~Q(appointment__ta__in=User.objects.filter(is_active=False)),
            has_room,
            bookable.within_horizon(),
            starts_at__gt=bookable.now,
            appointment__cancelled_at__isnull=True,
            # Follows from the slot's time; lets the search begin at the sessions to come.
            appointment__ends_at__gt=bookable.now,
        )

    def _has_room(self, now: datetime) -> Q:
        """A seat that is neither taken nor held; freed ones wait for their matching a while."""
        return Q(taken__lt=F("capacity")) & (
            Q(taken__lt=F("capacity") - F("held") - F("freed"))
            | Q(taken__lt=F("capacity") - F("held"), freed_until__lte=now)
        )

    def of_ta(self, ta_id: int) -> "TimeSlotQuerySet":
        return self.filter(appointment__ta=ta_id)

    def in_part(self, part: Part, zone: str) -> "TimeSlotQuerySet":
        """Those that start in this part of the day on the clock of that zone."""
        first, end = part.hours
        hour = ExtractHour("starts_at", tzinfo=ZoneInfo(zone))
        return self.alias(hour=hour).filter(hour__gte=first, hour__lt=end)

    def at(self, place: Place) -> "TimeSlotQuerySet":
        """Those online (``Appointment.is_online``), or those on campus."""
        online = Q(appointment__location__iregex=ADDRESS)
        return self.filter(online if place == Place.ONLINE else ~online)

    def soonest(self) -> "TimeSlotQuerySet":
        return self.order_by("starts_at", "pk")

    def with_ta(self) -> "TimeSlotQuerySet":
        """Loads the appointment and its TA along."""
        return self.select_related("appointment__ta")

    def with_has_limits(self) -> "TimeSlotQuerySet":
        """Each with ``has_limits``: whether its TA has set any."""
        limits = TeachingLimits.objects.filter(ta=OuterRef("appointment__ta"))
        return self.annotate(has_limits=Exists(limits))


class TimeSlot(QuickRow):
    """One bookable piece of an appointment.

    ``taken`` counts active bookings, ``held`` open offers, ``freed`` seats that are to be matched
    with who waits, which until ``freed_until`` are free for nobody. The triggers of
    ``scheduling.constraints`` keep all three; the check of the first two against ``capacity`` is what
    makes overbooking impossible.
    """

    appointment = models.ForeignKey(
        Appointment,
        models.PROTECT,
        related_name="slots",
        db_index=False,
        verbose_name=_("TA session"),
    )
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    capacity = models.PositiveSmallIntegerField(_("seats"))
    taken = models.PositiveSmallIntegerField(_("seats taken"), default=0, editable=False)
    held = models.PositiveSmallIntegerField(
        _("seats held"), default=0, db_default=0, editable=False
    )
    freed = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    freed_until = models.DateTimeField(null=True, editable=False)
    # Its TA is away then, or takes no more slots that week or in a row: scheduling.services.care.
    spared = models.BooleanField(default=False, db_default=False, editable=False)
    withdrawn = models.BooleanField(
        _("taken off"),
        default=False,
        editable=False,
        help_text=_("Taken off by an edit; kept for the cancelled bookings that point at it."),
    )

    has_limits: bool  # where it was asked with ``with_has_limits``

    objects = TimeSlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("time slot")
        verbose_name_plural = _("time slots")
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "starts_at", "ends_at"], name="timeslot_unique"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="timeslot_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity") - F("held")), name="timeslot_not_overbooked"
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at"],
                name="timeslot_open_start",
                condition=Q(withdrawn=False, taken__lt=F("capacity")),
            )
        ]

    def __str__(self) -> str:
        return f"{clock.full(self.starts_at)} ({self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.capacity is None:
            self.capacity = self.appointment.capacity
        super().save(*args, **kwargs)

    @property
    def is_full(self) -> bool:
        """Each seat is taken; one that is held may still be had by whom it is held for."""
        return self.taken >= self.capacity

    @property
    def seats_left(self) -> int:
        """Neither taken nor held."""
        return self.capacity - self.taken - self.held
