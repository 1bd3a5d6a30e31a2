"""Lists of who is who, which staff bring in."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Roster(models.Model):
    """One list: its lines until it is done, then what became of each.

    ``lines`` are dicts of ``email``, ``name``, ``student_id``, ``year`` and ``teaches``, as typed.
    ``outcomes`` are the code of each line that is done (``topics.queries.roster.Outcome``), in order.
    """

    class State(models.TextChoices):
        READ = "read", _("to be looked at")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")

    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="rosters",
        verbose_name=_("brought by"),
    )
    uploaded_at = models.DateTimeField(_("brought at"), default=timezone.now, editable=False)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.READ)
    lines: Any = models.JSONField(default=list, editable=False)
    outcomes: Any = models.JSONField(default=list, editable=False)
    size = models.PositiveIntegerField(_("lines"), default=0, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    class Meta:
        verbose_name = _("roster")
        verbose_name_plural = _("rosters")

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def done(self) -> int:
        """How many lines are done."""
        return len(self.outcomes)
