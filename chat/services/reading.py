"""What was read, and telling of what wasn't."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.services.notices import read_kind
from chat import notifications
from chat.models import Message, Participation
from chat.services.rows import locked


def mark_read(reader_id: int, other_id: int, last_id: int) -> None:
    """Note that the reader has seen the conversation up to this message. Never goes back.

    Does nothing where there is no conversation.
    """
    with transaction.atomic():
        conversation = locked(reader_id, other_id)
        if conversation is None:
            return
        side = Participation.objects.get(conversation=conversation, user=reader_id)
        upto = min(last_id, conversation.last_message_id or 0)
        if upto <= side.last_read_id:
            return
        if side.told_id > side.last_read_id:
            read_kind(reader_id, notifications.WAITING, side=side.pk)
        _set_read(side, upto)
        notifications.read(reader_id, other_id, upto)


def _set_read(side: Participation, upto: int) -> None:
    side.last_read_id, side.read_at = upto, timezone.now()
    left = Message.objects.filter(
        conversation=side.conversation_id, pk__gt=upto, sender=side.other_id
    )
    side.unread = left.count() if upto < (side.last_message_id or 0) else 0
    side.is_unread = side.unread > 0
    first = left.order_by("pk").values_list("created_at", flat=True).first()
    side.unread_since = first if side.is_unread else None
    side.save(update_fields=["last_read_id", "read_at", "unread", "is_unread", "unread_since"])


def tell_unread(side: Participation) -> None:
    """Tell of what waits in this conversation; of several workers one does."""
    with transaction.atomic():
        as_seen = Participation.objects.filter(
            pk=side.pk, is_unread=True, told_id=side.told_id, last_read_id=side.last_read_id
        )
        if as_seen.update(told_id=F("last_message_id")):
            side.refresh_from_db(fields=["told_id"])
            notifications.unread(side, Message.objects.unread_by_hand(side).count())
