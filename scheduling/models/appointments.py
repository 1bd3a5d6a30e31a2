"""A TA's availability: appointments ("TA sessions") and their time slots."""

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import ExtractHour
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models.commitments import Commitment
from scheduling.models.narrowing import Part, Place
from setahub.core import clock
from setahub.policy.current import LONGEST_SESSION, policy
from topics.models import Registration, Topic

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


class Appointment(models.Model):
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
    ) -> "TimeSlotQuerySet":
        """Slots that any user could book now, for any of their topics or for one.

        The one definition of "free" (SPEC, section 2): notice, horizon, a seat neither taken nor
        held, the TA active, approved and not otherwise booked, the topic not archived.
        ``leaving_id``: a booking that would give up its seat, so that neither this nor its TA's
        time counts. ``own_seat``: one of the seats is held for who asks.
        """
        bookable = bookable or Bookable.at()
        if topic_id is not None:
            return self._free_for(Q(appointment__topics=topic_id), bookable, leaving_id, own_seat)
        taught = Appointment.topics.through.objects.filter(
            appointment=OuterRef("appointment"),
            topic__archived_at__isnull=True,
            topic__registrations__user=OuterRef("appointment__ta"),
            topic__registrations__status="approved",
        )
        # A bare EXISTS PostgreSQL turns into a join, and then reads all sessions there ever were.
        return self._with_room(bookable, leaving_id, own_seat).filter(
            Case(When(Exists(taught), then=True), default=False)
        )

    def free_each_topic(
        self, which: Q, bookable: Bookable, *, own_seat: bool = False
    ) -> "TimeSlotQuerySet":
        """Free slots, each once for every topic (``topic``, its id) that it can be booked for.

        ``which`` chooses among them; what it says of ``appointment__topics`` is about that topic.
        """
        return self._free_for(which, bookable, None, own_seat)

    def _free_for(
        self, which: Q, bookable: Bookable, leaving_id: int | None, own_seat: bool
    ) -> "TimeSlotQuerySet":
        """Each free slot once for every topic that ``which`` lets through."""
        taught = Registration.objects.approved().filter(
            user=OuterRef("appointment__ta"),
            topic=OuterRef("topic"),
            topic__archived_at__isnull=True,
        )
        return (
            self._with_room(bookable, leaving_id, own_seat)
            .filter(which, appointment__topics__isnull=False)
            .annotate(topic=F("appointment__topics"))
            .filter(Exists(taught))
        )

    def _with_room(
        self, bookable: Bookable, leaving_id: int | None, own_seat: bool
    ) -> "TimeSlotQuerySet":
        """All that "free" says apart from topics."""
        elsewhere = (
            Commitment.objects.overlapping(OuterRef("starts_at"), OuterRef("ends_at"))
            # No slot is longer than a session may be: this bound lets the index end the search.
            .filter(
                person=OuterRef("appointment__ta"),
                starts_at__gt=OuterRef("starts_at") - LONGEST_SESSION,
            )
            .exclude(slot=OuterRef("pk"))
        )
        # A held seat is there: the database keeps taken and held within the seats.
        has_room = Q(taken__lt=F("capacity")) if own_seat else self._has_room(bookable.now)
        if leaving_id is not None:
            elsewhere = elsewhere.exclude(booking=leaving_id)
            seat = Commitment.objects.filter(booking=leaving_id, slot=OuterRef("pk"))
            has_room |= Q(Exists(seat))
        return self.standing().filter(
            ~Exists(elsewhere),
            bookable.keeps_notice(),
            # Suspended ones are few: a list of them is quicker than a look at each slot's TA.
            ~Q(appointment__ta__in=User.objects.filter(is_active=False)),
            has_room,
            starts_at__gt=bookable.now,
            starts_at__lte=bookable.until,
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


class TimeSlot(models.Model):
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
    withdrawn = models.BooleanField(
        _("taken off"),
        default=False,
        editable=False,
        help_text=_("Taken off by an edit; kept for the cancelled bookings that point at it."),
    )

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
    def seats_left(self) -> int:
        """Neither taken nor held."""
        return self.capacity - self.taken - self.held
