"""The rows of a conversation, written under its lock."""

from django.db import connection
from django.utils import timezone

from chat import notifications
from chat.models import Conversation, Message, Participation
from setahub.core.db.prepared import prepared_cursor

_GIVEN = [
    field
    for field in Message._meta.local_concrete_fields
    if field.name not in ("id", "conversation", "prev")
]
# The conversation's row is locked before an id is drawn: PostgreSQL draws one for each row that the
# SELECT gives, and gives none before it is locked. What follows from a message: chat.constraints.
_APPEND = f"""
    INSERT INTO chat_message ({", ".join(field.attname for field in _GIVEN)}, conversation_id, prev)
    SELECT {", ".join(["%s"] * len(_GIVEN))}, c.id, c.last_message_id FROM chat_conversation c
    WHERE c.low_id = %s AND c.high_id = %s {{lock}} RETURNING id, conversation_id, prev
"""  # noqa: S608


def store(message: Message, recipient_id: int, language: str) -> Message:
    """Write the message at the conversation's end; the caller holds the transaction.

    ``language``: what the recipient reads, "" for one who has none yet.
    """
    message.created_at = timezone.now()
    if not _append(message, recipient_id):
        _make(message.sender_id, recipient_id)
        _append(message, recipient_id)
    notifications.stored(message, recipient_id, language)
    return message


def _append(message: Message, recipient_id: int) -> bool:
    """One statement; False where the two have no conversation yet."""
    pair = sorted((message.sender_id, recipient_id))
    values = [
        field.get_db_prep_save(field.pre_save(message, add=True), connection) for field in _GIVEN
    ]
    lock = "FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    with prepared_cursor(connection) as cursor:
        cursor.execute(_APPEND.format(lock=lock), [*values, *pair])
        row = cursor.fetchone()
    if row is None:
        return False
    message.pk, message.conversation_id, message.prev = row
    return True


def locked(one: int, other: int) -> Conversation | None:
    """The conversation of two people, its row locked; None where there is none yet."""
    return Conversation.objects.between(one, other).select_for_update(no_key=True).first()


def _make(one: int, other: int) -> None:
    """Their first conversation, whoever of the two is faster."""
    low, high = sorted((one, other))
    Conversation.objects.bulk_create(
        [Conversation(low_id=low, high_id=high)], ignore_conflicts=True
    )
    conversation = Conversation.objects.between(one, other).get()
    sides = [
        Participation(conversation=conversation, user_id=user, other_id=partner)
        for user, partner in ((low, high), (high, low))
    ]
    Participation.objects.bulk_create(sides, ignore_conflicts=True)
