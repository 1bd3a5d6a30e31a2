"""Emails about an account's security: those on their way, and changes that can be undone."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNDONE_WITHIN = timedelta(days=7)


class WaitingLetter(models.Model):
    """An email that is on its way: what the task needs to write it, gone once it is sent.

    ``content`` is sealed: it may name the address of an account that is deleted already (``user``
    is none then).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    content = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        verbose_name = _("email on its way")
        verbose_name_plural = _("emails on their way")

    def __str__(self) -> str:
        return str(self.pk)


class EmailChange(models.Model):
    """Somebody asked to sign in with another address.

    Whoever has the old one may undo it, if it was proven: one only typed may be a stranger's.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="email_changes")
    old_email = models.EmailField(max_length=254)
    old_was_proven = models.BooleanField(default=False, editable=False)
    new_email = models.EmailField(max_length=254)
    asked_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    done_at = models.DateTimeField(null=True, editable=False)
    undone_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("change of an email")
        verbose_name_plural = _("changes of emails")

    def __str__(self) -> str:
        return f"{self.user_id} ({self.pk})"

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def can_be_undone(self, now: datetime) -> bool:
        """Whether its link still works: once, and for a week."""
        since = self.done_at or self.asked_at
        in_time = self.undone_at is None and now - since < UNDONE_WITHIN
        return self.old_was_proven and in_time
