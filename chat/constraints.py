"""What the database itself keeps: the end of a conversation and unread counts, whoever writes.

A message is the last one of its conversation, for both people, and unread for whoever did not send it.
The same statements serve both engines; they spare a send three ways to the database and back.
"""

from setahub.core.db import constraints

_APPEND = """
    UPDATE chat_conversation SET last_message_id = NEW.id WHERE id = NEW.conversation_id;
    UPDATE chat_participation SET last_message_id = NEW.id
        WHERE conversation_id = NEW.conversation_id AND user_id = NEW.sender_id;
    UPDATE chat_participation SET last_message_id = NEW.id, unread = unread + 1, is_unread = true,
        unread_since = COALESCE(unread_since, NEW.created_at)
        WHERE conversation_id = NEW.conversation_id AND other_id = NEW.sender_id;
"""
CONSTRAINTS = constraints.Constraints(
    frozenset({"chat_conversation", "chat_participation", "chat_message"}),
    sqlite=[
        constraints.sqlite_trigger("message_append", "AFTER INSERT ON chat_message", _APPEND),
    ],
    postgresql=[
        constraints.pg_trigger("message_append", "chat_message", "AFTER INSERT", _APPEND),
    ],
)
