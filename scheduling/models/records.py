"""Records of a TA's volunteer hours, as they were issued."""

import hashlib
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from setahub.core import clock

NAME_MAX = 50
TOKEN_BYTES = 24
TOKEN_LENGTH = 32  # characters that these make


def new_token() -> str:
    """An address that nobody can guess: 192 bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class RecordQuerySet(models.QuerySet["Record"]):
    def standing(self) -> "RecordQuerySet":
        return self.filter(ended_at__isnull=True)

    def of(self, ta_id: int) -> "RecordQuerySet":
        return self.filter(ta=ta_id).order_by("-created_at", "-pk")

    def since(self, moment: datetime) -> "RecordQuerySet":
        return self.filter(created_at__gt=moment)


class Record(models.Model):
    """A TA's hours as they were on the day of issue; nothing in it changes, and no student is in it.

    ``sums`` has the fields of ``scheduling.queries.sums.Sum``, ``topics`` a name and such sums for each. One that
    has ended says so at its address; of an account that was deleted nothing but that is left.
    """

    class End(models.TextChoices):
        TAKEN_BACK = "taken_back", _("taken back by its TA")
        STAFF = "staff", _("taken back by the staff")
        DELETED = "deleted", _("account deleted")

    ta = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="records", verbose_name=_("TA")
    )
    token = models.CharField(
        max_length=TOKEN_LENGTH, unique=True, default=new_token, editable=False
    )
    name = models.CharField(_("name"), max_length=NAME_MAX, editable=False)
    from_day = models.DateField(pgettext_lazy("a day", "from"), null=True, editable=False)
    to_day = models.DateField(pgettext_lazy("a day", "to"), null=True, editable=False)
    sums = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    topics = models.JSONField(default=list, encoder=DjangoJSONEncoder, editable=False)
    created_at = models.DateTimeField(_("issued at"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    end = models.CharField(
        _("why it ended"), max_length=10, choices=End, blank=True, editable=False
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | Q(ended_at__isnull=False, end__in=["taken_back", "staff", "deleted"]),
                name="record_end_agrees",
            )
        ]

    def __str__(self) -> str:
        if self.from_day is None or self.to_day is None:  # of somebody who is gone
            return f"({self.pk})"
        return f"{clock.days_range(self.from_day, self.to_day)} ({self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("scheduling:record", args=[self.token])

    @property
    def stands(self) -> bool:
        return self.ended_at is None

    @property
    def code(self) -> str:
        """A short code of all that it says, ``K7QX-2M4P``: what was altered on paper has another."""
        said: list[Any] = [
            self.token, self.name, self.from_day, self.to_day, sorted(self.sums.items()), self.topics,
            self.created_at.isoformat(timespec="seconds"),
        ]  # fmt: skip
        code = b32encode(hashlib.sha256(repr(said).encode()).digest())[:8].decode()
        return f"{code[:4]}-{code[4:]}"
