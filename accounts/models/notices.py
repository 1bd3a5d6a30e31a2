"""Notices: what happened to somebody, kept for a while and shown in the bell."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from setahub.core import clock

IN_HAND = timedelta(minutes=2)  # for this long an email that was begun is nobody else's to send


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, user_id: int) -> "NoticeQuerySet":
        return self.filter(user=user_id)

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def newest_first(self) -> "NoticeQuerySet":
        return self.order_by("-created_at", "-pk")

    def number(self) -> "models.QuerySet[Any, Any]":
        """How many there are, for a subquery about one person."""
        return self.order_by().values("user").annotate(number=Count("pk")).values_list("number")

    def unread_numbers(self, user_ids: Iterable[int]) -> dict[int, int]:
        """How many wait for each of these people; zeros are left out."""
        rows = self.unread().filter(user__in=user_ids).order_by().values("user")
        return dict(rows.annotate(number=Count("pk")).values_list("user", "number"))

    def take_up(self, pk: int) -> bool:
        """Begin to send the email of one; False when that is done, or another worker is at it."""
        now = timezone.now()
        free = Q(mail_begun_at=None) | Q(mail_begun_at__lt=now - IN_HAND)
        return bool(self.filter(free, pk=pk, mail_done_at=None).update(mail_begun_at=now))

    def put_back(self, pk: int) -> None:
        """Its email could not be sent; a later try begins anew."""
        self.filter(pk=pk).update(mail_begun_at=None)

    def mailed(self, pk: int) -> None:
        self.filter(pk=pk).update(mail_done_at=timezone.now())

    def older_than(self, moment: datetime) -> "NoticeQuerySet":
        return self.filter(created_at__lt=moment)


class Notice(models.Model):
    """Something that happened to a person, as codes, ids and values; words are made when it is read.

    ``key`` names the happening: it is told once to each, whatever is tried again or raced.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notices",
        db_index=False,
        verbose_name=_("user"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    data = models.JSONField(_("data"), default=dict)
    key = models.CharField(max_length=100)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    read_at = models.DateTimeField(_("read"), null=True, editable=False)
    # Its email: when a worker began to send it, and when it was sent or found to be unwanted.
    mail_begun_at = models.DateTimeField(null=True, editable=False)
    mail_done_at = models.DateTimeField(_("email settled"), null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notice_once_each"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notice_latest"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["created_at"], name="notice_age"),
        ]

    def __str__(self) -> str:
        return f"{clock.full(self.created_at)} ({self.pk})"

    @property
    def is_read(self) -> bool:
        return self.read_at is not None
