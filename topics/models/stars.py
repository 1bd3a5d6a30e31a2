"""Topics that people hold as favourites."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from topics.models.topics import Topic


class TopicStar(models.Model):
    """``topic`` is a favourite of ``owner``, which nobody else is told."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="topic_stars", db_index=False
    )
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="stars")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("favourite topic")
        verbose_name_plural = _("favourite topics")
        constraints = [models.UniqueConstraint(fields=["owner", "topic"], name="topicstar_unique")]

    def __str__(self) -> str:
        return f"{self.owner_id} → {self.topic_id}"
