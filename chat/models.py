"""Conversations between two people, their messages, what was read, and reports to the staff.

Ids of one conversation's messages commit in order, since whoever writes holds the conversation's
row. What a list shows (the last message, the unread count) is stored, never counted.
"""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models import BookingEvent, Takeaway
from setahub.core.images import random_name

TEXT_MAX = 4000
REASON_MAX = 1000
CARDS = ("booking", "takeaway")  # kinds of message that nobody writes


def message_path(instance: object, filename: str) -> str:
    """``upload_to`` of pictures in conversations, which no public address ever serves."""
    return f"messages/{random_name()}"


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def between(self, one: int, other: int) -> "ConversationQuerySet":
        """The conversation of two users, by id, in whichever order."""
        return self.filter(low=min(one, other), high=max(one, other))


class Conversation(models.Model):
    """What two users write to each other. ``low`` is the one with the lower id."""

    low = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    high = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    last_message = models.ForeignKey(
        "Message", models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="conversation_one_a_pair"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="conversation_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} – {self.high_id}"


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def of(self, user_id: int) -> "ParticipationQuerySet":
        return self.filter(user=user_id)

    def with_other(self, user_id: int, other_id: int) -> "ParticipationQuerySet":
        """The user's side of the conversation with somebody, by id."""
        return self.filter(user=user_id, other=other_id)

    def inbox(self, user_id: int) -> "ParticipationQuerySet":
        """The user's conversations, unread first, then the newest; with what a list shows."""
        return (
            self.of(user_id)
            .filter(last_message__isnull=False)
            .select_related(
                "other",
                "last_message__event__booking__topic",
                "last_message__takeaway__booking__topic",
            )
            .order_by("-is_unread", "-last_message")
        )

    def unread(self, user_id: int) -> "ParticipationQuerySet":
        return self.of(user_id).filter(is_unread=True)

    def unread_since(self, moment: datetime) -> "ParticipationQuerySet":
        """Those with a message, cards aside, that has waited since then or longer.

        Left out is where a notice has told of messages that are still unread.
        """
        written = Message.objects.by_hand().filter(
            conversation=OuterRef("conversation"),
            sender=OuterRef("other"),
            pk__gt=OuterRef("last_read_id"),
            created_at__lte=moment,
        )
        return self.filter(
            Exists(written),
            is_unread=True,
            unread_since__lte=moment,
            told_id__lte=F("last_read_id"),
            user__is_active=True,
        )

    def waiting(self) -> "ParticipationQuerySet":
        """Those that a notice tells of, with their people."""
        unread = self.filter(is_unread=True, told_id__gt=F("last_read_id"))
        return unread.select_related("user", "other")

    def newest(self, user_id: int) -> "models.QuerySet[Participation, int | None]":
        """Ids of the newest message of each conversation of the user, newest first."""
        return (
            self.of(user_id)
            .filter(last_message__isnull=False)
            .order_by("-last_message")
            .values_list("last_message", flat=True)
        )


class Participation(models.Model):
    """One person's side of a conversation: what they have read, and what is waiting for them."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="participations", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="participations", db_index=False
    )
    other = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    last_message = models.ForeignKey(
        "Message", models.PROTECT, null=True, related_name="+", db_index=False
    )
    last_read_id = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)  # when last_read_id grew last
    unread = models.PositiveIntegerField(default=0)
    is_unread = models.BooleanField(default=False)  # unread > 0, for the order of the inbox
    unread_since = models.DateTimeField(null=True)  # when the oldest unread message came
    told_id = models.BigIntegerField(default=0)  # the newest message that a notice told of

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        verbose_name = _("side of a conversation")
        verbose_name_plural = _("sides of conversations")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user"], name="participation_one_each"),
            models.UniqueConstraint(fields=["user", "other"], name="participation_one_a_pair"),
            models.CheckConstraint(
                condition=Q(unread=0, is_unread=False, unread_since__isnull=True)
                | Q(unread__gt=0, is_unread=True, unread_since__isnull=False),
                name="participation_unread_agrees",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "-is_unread", "-last_message"], name="participation_inbox"
            ),
            models.Index(fields=["user", "-last_message"], name="participation_newest"),
            models.Index(
                fields=["user", "other", "unread"],
                name="participation_unread",
                condition=Q(is_unread=True),
            ),
            models.Index(
                fields=["unread_since"], name="participation_waiting", condition=Q(is_unread=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"


class MessageQuerySet(models.QuerySet["Message"]):
    def between(self, one: int, other: int) -> "MessageQuerySet":
        """Messages of the conversation of two users, by id."""
        return self.filter(conversation__low=min(one, other), conversation__high=max(one, other))

    def seen_by(self, user_id: int) -> "MessageQuerySet":
        """Messages of conversations that this user is one of the two of."""
        return self.filter(Q(conversation__low=user_id) | Q(conversation__high=user_id))

    def by_hand(self) -> "MessageQuerySet":
        """What people wrote: no cards."""
        return self.exclude(kind__in=CARDS)

    def unread_by_hand(self, side: "Participation") -> "MessageQuerySet":
        """What the other wrote and this one hasn't read, cards aside."""
        return self.by_hand().filter(
            conversation=side.conversation_id, sender=side.other_id, pk__gt=side.last_read_id
        )

    def shown(self) -> "MessageQuerySet":
        """Loads what showing a message needs."""
        return self.select_related("sender", "event__booking__topic", "takeaway__booking__topic")

    def newest(self, count: int, before: int | None = None) -> "Sequence[Message]":
        """The last ``count`` messages (before one, by id), oldest first."""
        rows = self if before is None else self.filter(pk__lt=before)
        return list(rows.order_by("-pk")[:count])[::-1]

    def following(self, after: int, count: int) -> "Sequence[Message]":
        """The next ``count`` messages after one, oldest first."""
        return list(self.filter(pk__gt=after).order_by("pk")[:count])


class Message(models.Model):
    """One message: a text, a picture with an optional caption, or the card of a booking or a takeaway.

    ``prev`` is the id of the conversation's message before it, so that a page notices a gap.
    ``client_id`` is the sender's own name for it, and ``digest`` the SHA-256 of the picture as it
    was uploaded: the same again is the same message.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        IMAGE = "image", _("image")
        BOOKING = "booking", _("booking")
        TAKEAWAY = "takeaway", _("takeaway")

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages", db_index=False
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    text = models.TextField(blank=True)
    client_id = models.UUIDField(null=True)
    prev = models.BigIntegerField(null=True)
    image = models.ImageField(upload_to=message_path, blank=True)
    thumb = models.ImageField(upload_to=message_path, blank=True)
    width = models.PositiveIntegerField(null=True)  # of the image, in pixels
    height = models.PositiveIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    event = models.ForeignKey(
        BookingEvent, models.PROTECT, null=True, related_name="+", db_index=False
    )
    takeaway = models.ForeignKey(
        Takeaway, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "client_id"],
                condition=Q(client_id__isnull=False),
                name="message_client_id_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["text", "image", "booking", "takeaway"]),
                name="message_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "id"], name="message_conversation"),
            models.Index(fields=["sender", "created_at"], name="message_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.pk})"

    @property
    def is_card(self) -> bool:
        return self.kind in CARDS

    @property
    def words(self) -> str:
        """What it says: what somebody typed, what was left behind, or on the card of a cancellation why
        nobody's words cancelled it."""
        if self.takeaway is not None:
            return self.takeaway.done
        if self.text or self.event is None:
            return self.text
        return self.event.get_cause_display()


class ReportQuerySet(models.QuerySet["Report"]):
    def open_to(self, viewer: User) -> "ReportQuerySet":
        """Those that this viewer, one of the staff, may see: none about themselves."""
        return self.exclude(reported=viewer)


class Report(models.Model):
    """A message that one of its two people reported to the staff, with a copy of it."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        WARNED = "warned", _("warned")
        SUSPENDED = "suspended", _("suspended")
        DISMISSED = "dismissed", _("dismissed")

    message = models.ForeignKey(Message, models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="reports_made",
        verbose_name=_("reporter"),
    )
    reported = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="reports_received",
        verbose_name=_("reported person"),
    )
    reason = models.TextField(_("reason"), max_length=REASON_MAX)
    text = models.TextField(_("copy of the message"), blank=True)
    image = models.ImageField(_("copy of the picture"), upload_to=message_path, blank=True)
    created_at = models.DateTimeField(_("reported at"), default=timezone.now)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.OPEN)
    note = models.TextField(_("note"), blank=True)
    told = models.TextField(_("told to the person"), blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(fields=["message", "reporter"], name="report_once_a_message")
        ]
        indexes = [models.Index(fields=["status", "-created_at"], name="report_queue")]

    def __str__(self) -> str:
        return str(_("Report %(number)d") % {"number": self.pk})

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN


class ReportLook(models.Model):
    """Somebody of the staff looked at a reported message and its neighbours. Never deleted."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="looks")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("look at a report")
        verbose_name_plural = _("looks at reports")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.actor_id}: {self.report_id}"
