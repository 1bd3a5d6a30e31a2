"""The rows of a conversation, written under its lock."""

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat import notifications
from chat.models import Conversation, Message, Participation


def store(message: Message, recipient_id: int) -> Message:
    """Write the message at the conversation's end; the caller holds the transaction."""
    sender_id = message.sender_id
    conversation = locked(sender_id, recipient_id) or _made(sender_id, recipient_id)
    message.conversation = conversation
    message.prev = conversation.last_message_id
    message.created_at = timezone.now()
    message.save(force_insert=True)
    Conversation.objects.filter(pk=conversation.pk).update(last_message=message)
    sides = Participation.objects.filter(conversation=conversation)
    sides.filter(user=sender_id).update(last_message=message)
    sides.filter(user=recipient_id).update(
        last_message=message,
        unread=F("unread") + 1,
        is_unread=True,
        unread_since=Coalesce("unread_since", message.created_at),
    )
    notifications.stored(message, recipient_id)
    return message


def locked(one: int, other: int) -> Conversation | None:
    """The conversation of two people, its row locked; None where there is none yet."""
    return Conversation.objects.between(one, other).select_for_update(no_key=True).first()


def _made(one: int, other: int) -> Conversation:
    """Their first one, its row locked, whoever of the two was faster."""
    low, high = sorted((one, other))
    Conversation.objects.bulk_create(
        [Conversation(low_id=low, high_id=high)], ignore_conflicts=True
    )
    conversation = Conversation.objects.between(one, other).select_for_update(no_key=True).get()
    sides = [
        Participation(conversation=conversation, user_id=user, other_id=partner)
        for user, partner in ((low, high), (high, low))
    ]
    Participation.objects.bulk_create(sides, ignore_conflicts=True)
    return conversation
