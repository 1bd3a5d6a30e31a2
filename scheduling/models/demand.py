"""What students looked for and did not find."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from topics.models import Topic


class NothingFree(models.Model):
    """A student opened a topic's page on a day on which it had no free time: once a day each."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="+", db_index=False)
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField()  # the faculty's

    class Meta:
        verbose_name = _("visit without free time")
        verbose_name_plural = _("visits without free time")
        constraints = [
            models.UniqueConstraint(fields=["day", "topic", "student"], name="nothingfree_once")
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.day}"
