"""The conversations' part of the sweep: emails about messages that nobody reads."""

from datetime import timedelta

from django.utils import timezone

from chat import presence, services
from chat.models import Participation
from setahub.core.work.tasks import every_minute, one_by_one

UNREAD_FOR = timedelta(minutes=10)
BATCH = 500  # at once; the next sweep does the rest


@every_minute
def tell_unread() -> None:
    """One email for each conversation whose reader is away, until they have read it."""
    waiting = Participation.objects.unread_since(timezone.now() - UNREAD_FOR)
    sides = list(waiting.order_by("unread_since")[:BATCH])
    away = [side for side in sides if not presence.is_online(side.user_id)]
    one_by_one(away, services.tell_unread)
