"""Help requests: who waits for time on a topic, and the seats that are held for them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Block
from scheduling.models.bookings import QUESTION_MAX
from scheduling.models.narrowing import Part
from scheduling.models.slots import TimeSlot
from setahub.core import clock
from topics.models import Topic

TURNS = 3  # so many people are offered a seat, one after the other; then it is free for everybody


def _waiting() -> Count:
    return Count("places", filter=Q(places__ended_at__isnull=True))


class HelpRequestQuerySet(models.QuerySet["HelpRequest"]):
    def open(self) -> "HelpRequestQuerySet":
        return self.filter(status=HelpRequest.Status.OPEN)

    def counted(self) -> "HelpRequestQuerySet":
        """Each with ``waiting``: how many people have a place of it now."""
        return self.annotate(waiting=_waiting())

    def with_waiting(self) -> "HelpRequestQuerySet":
        """As ``counted``, without those that nobody waits for."""
        return self.annotate(waiting=_waiting()).filter(waiting__gt=0)

    def of_or_joined_by(self, person_id: int) -> "HelpRequestQuerySet":
        """Those that the person asked or joined, however they ended.

        Not those of somebody from whom a block parts them since.
        """
        joined = PlaceInLine.objects.of(person_id).values("request")
        apart = Block.objects.others_of(person_id)
        return self.filter(Q(student=person_id) | Q(pk__in=joined)).exclude(student__in=apart)


class HelpRequest(models.Model):
    """A student's wish for time on a topic, of any TA or of one, on some days.

    Who waits are its ``places``: the owner's, and where it is ``shared`` those of others who joined.
    They last longer than the request where its owner was booked or left first.
    """

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("request for time", "open")
        ANSWERED = "answered", _("answered")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    student = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="help_requests",
        verbose_name=_("student"),
    )
    topic = models.ForeignKey(
        Topic, models.PROTECT, related_name="help_requests", verbose_name=_("topic")
    )
    ta = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("TA"),
    )
    question = models.TextField(_("question"), validators=[MaxLengthValidator(QUESTION_MAX)])
    # Both days are included, in the faculty's zone.
    from_day = models.DateField(pgettext_lazy("a day", "from"))
    to_day = models.DateField(pgettext_lazy("a day", "to"))
    # Names of Part with a space between them; none: any time of the day.
    parts = models.CharField(_("parts of the day"), max_length=40, blank=True)
    shared = models.BooleanField(_("shared"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("asked at"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    waiting: int  # where it was asked with ``with_waiting``

    objects = HelpRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("help request")
        verbose_name_plural = _("help requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(to_day__gte=F("from_day")), name="helprequest_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(ta__isnull=True) | ~Q(student=F("ta")),
                name="helprequest_not_of_oneself",
            ),
        ]
        indexes = [
            models.Index(
                fields=["topic", "created_at"],
                name="helprequest_open",
                condition=Q(status="open"),
            ),
            models.Index(fields=["student", "created_at"], name="helprequest_student"),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} ({self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("scheduling:request", args=[self.pk])

    @property
    def part_names(self) -> list[str]:
        """The wished parts of the day as they are called."""
        return [str(Part(each).label) for each in self.parts.split()]

    def fits(self, start: datetime) -> bool:
        """Whether a time that starts then lies on its days and in its parts of the day."""
        if not self.from_day <= clock.local(start).date() <= self.to_day:
            return False
        return not self.parts or Part.of(start).value in self.parts.split()


class PlaceInLineQuerySet(models.QuerySet["PlaceInLine"]):
    def waiting(self) -> "PlaceInLineQuerySet":
        return self.filter(ended_at__isnull=True)

    def of(self, person_id: int) -> "PlaceInLineQuerySet":
        return self.filter(person=person_id)

    def for_topics(
        self, topic_ids: "Collection[int] | models.QuerySet[Any, Any]", ta_id: int
    ) -> "PlaceInLineQuerySet":
        """Those that time of this TA for one of these topics could answer."""
        anybody_or_this_one = Q(request__ta__isnull=True) | Q(request__ta=ta_id)
        return self.filter(anybody_or_this_one, request__topic__id__in=topic_ids)


class PlaceInLine(models.Model):
    """One person's place in line for a request, until they are booked, leave, or the days are over."""

    class End(models.TextChoices):
        BOOKED = "booked", _("booked")
        SOLVED = "solved", _("solved")
        LEFT = "left", _("left")
        OVER = "over", _("the days are over")
        UNANSWERED = "unanswered", _("three offers ran out unanswered")
        GONE = "gone", _("no longer offered")

    request = models.ForeignKey(HelpRequest, models.CASCADE, related_name="places")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="places", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    unanswered = models.PositiveSmallIntegerField(default=0, editable=False)  # offers, in a row
    told_at = models.DateTimeField(null=True, editable=False)  # of time too soon to be held
    warned = models.BooleanField(default=False, editable=False)  # that the days are nearly over
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    end = models.CharField(max_length=10, choices=End, blank=True, editable=False)

    objects = PlaceInLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("place in line")
        verbose_name_plural = _("places in line")
        constraints = [
            models.UniqueConstraint(
                fields=["request", "person"],
                condition=Q(ended_at__isnull=True),
                name="place_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["person"], name="place_waiting_person", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} → {self.request_id}"


class OfferQuerySet(models.QuerySet["Offer"]):
    def open(self) -> "OfferQuerySet":
        return self.filter(status=Offer.Status.OPEN)

    def standing(self, now: datetime) -> "OfferQuerySet":
        """Open ones that can still be taken."""
        return self.open().filter(expires_at__gt=now)

    def run_out(self, now: datetime) -> "OfferQuerySet":
        """Open ones whose time is over, and which somebody has to end."""
        return self.open().filter(expires_at__lte=now)

    def answerable(self) -> "OfferQuerySet":
        """Without those that were withdrawn while their person still waited, by no act of theirs."""
        still_waited = Q(place__ended_at__isnull=True) | Q(place__ended_at__gt=F("ended_at"))
        return self.exclude(still_waited, status=Offer.Status.WITHDRAWN)


class Offer(models.Model):
    """A seat of a slot that is held for one person who waits, until ``expires_at``.

    The triggers of ``scheduling.constraints`` count open ones as ``TimeSlot.held``.
    """

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("offered time", "open")
        TAKEN = "taken", _("taken")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")
        WITHDRAWN = "withdrawn", _("withdrawn")

    slot = models.ForeignKey(
        TimeSlot, models.PROTECT, related_name="offers", verbose_name=_("time slot")
    )
    student = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="offers", verbose_name=_("student")
    )
    request = models.ForeignKey(
        HelpRequest, models.PROTECT, related_name="offers", verbose_name=_("help request")
    )
    place = models.ForeignKey(PlaceInLine, models.PROTECT, related_name="offers")
    turn = models.PositiveSmallIntegerField(
        _("turn"), editable=False
    )  # the seat's first, second, third
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("offered at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            # The same time is never offered twice to one person, unless it was taken from them.
            models.UniqueConstraint(
                fields=["slot", "student"],
                condition=~Q(status="withdrawn"),
                name="offer_once",
            ),
            models.UniqueConstraint(
                fields=["student"], condition=Q(status="open"), name="offer_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(turn__range=(1, TURNS)), name="offer_turn_range"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="offer_open_until", condition=Q(status="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} → {self.student_id} ({self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("scheduling:offer", args=[self.pk])

    def stands(self, now: datetime | None = None) -> bool:
        """Whether it can still be taken."""
        return self.status == self.Status.OPEN and self.expires_at > (now or timezone.now())


class FreedSeat(models.Model):
    """A seat that came free and is to be matched with who waits; ``turn``: whose turn it is next.

    The triggers of ``scheduling.constraints`` count them as ``TimeSlot.freed``: until they are
    matched, or two minutes are over, they are free for nobody.
    """

    slot = models.ForeignKey(TimeSlot, models.CASCADE, related_name="freed_seats")
    turn = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("freed seat")
        verbose_name_plural = _("freed seats")

    def __str__(self) -> str:
        return f"{self.slot_id} ({self.pk})"


class Digest(models.Model):
    """That a TA was told of a day's new requests, so that nobody is told twice."""

    ta = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        verbose_name = _("digest of requests")
        verbose_name_plural = _("digests of requests")
        constraints = [models.UniqueConstraint(fields=["day", "ta"], name="digest_once")]

    def __str__(self) -> str:
        return f"{self.ta_id} {self.day}"
