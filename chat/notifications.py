"""What open pages are told after a write: frames of the protocol, rendered for whoever receives them.

All of it happens after the commit, so that no lock is held for it, and none of it is needed: a page
that hears nothing asks for what it missed. Whoever has no page open gets a
notice, in time.
"""

from django.db import transaction

from accounts.models import Block
from accounts.services.languages import reading, reading_in
from accounts.services.notices import Happening, notify
from chat import frames
from chat.models import Message, Participation
from chat.queries.conversations import unread_counts
from setahub.core.live import events

WAITING = "messages_waiting"  # the kind of notice of a conversation that is not read


def stored(message: Message, recipient_id: int, language: str) -> None:
    """Tell every page of both people of a new message, and the recipient's badges.

    ``language``: what the recipient reads. The message has its sender loaded.
    """
    transaction.on_commit(lambda: _tell_stored(message, recipient_id, language), robust=True)


def _tell_stored(message: Message, recipient_id: int, language: str) -> None:
    sender_id = message.sender_id
    with reading_in(language):  # first, since the sender has the words already
        frame = frames.message(message, viewer=recipient_id, other=sender_id)
    events.push(events.user_group(recipient_id), frame, _badges(recipient_id, sender_id))
    with reading(message.sender):
        frame = frames.message(message, viewer=sender_id, other=recipient_id)
    events.push(events.user_group(sender_id), frame)


def unread(side: Participation, count: int) -> None:
    """Tell somebody who is away that so many messages of a conversation wait for them."""
    key = f"unread-{side.pk}-{side.told_id}"
    notify(Happening(WAITING, side.user_id, key, {"side": side.pk, "count": count}))


def read(reader_id: int, other_id: int, last_id: int) -> None:
    """Tell both people what was read, and the reader's badges."""
    transaction.on_commit(lambda: _tell_read(reader_id, other_id, last_id), robust=True)


def _tell_read(reader_id: int, other_id: int, last_id: int) -> None:
    frame = frames.message_read(reader_id, last_id)
    # Over a block nobody learns what the other does.
    if not Block.objects.between(reader_id, other_id).exists():
        events.push(events.user_group(other_id), frame)
    events.push(events.user_group(reader_id), frame, _badges(reader_id, other_id))


def _badges(user_id: int, other_id: int) -> frames.Frame:
    counts = unread_counts(user_id)
    return frames.unread(sum(counts.values()), other_id, counts.get(other_id, 0))
