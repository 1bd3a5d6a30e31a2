"""What open pages are told after a write: frames of the protocol, rendered for whoever receives them.

All of it happens after the commit, so that no lock is held for it, and none of it is needed: a page
that hears nothing asks for what it missed. Devices are told of what isn't read at once. Whoever has no
page open gets a notice, in time.
"""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import pushes
from accounts.models import Block, MailKind, User
from accounts.pushes import Push
from accounts.services.languages import reading, reading_in
from accounts.services.notices import Happening, notify
from chat import frames
from chat.models import Message, Participation
from chat.queries.conversations import unread_counts
from setahub.core.live import events

WAITING = "messages_waiting"  # the kind of notice of a conversation that is not read
PUSHED_AFTER = timedelta(seconds=10)  # who has the conversation open reads it before


def stored(message: Message, recipient_id: int, language: str) -> None:
    """Tell every page of both people of a new message, and the recipient's badges.

    ``language``: what the recipient reads. The message has its sender loaded.
    """
    transaction.on_commit(lambda: _tell_stored(message, recipient_id, language), robust=True)


def _tell_stored(message: Message, recipient_id: int, language: str) -> None:
    sender_id = message.sender_id
    with reading_in(language):  # first, since the sender has the words already
        frame = frames.message(message, viewer=recipient_id, other=sender_id)
    events.push(events.user_group(recipient_id), frame)
    with reading(message.sender):
        frame = frames.message(message, viewer=sender_id, other=recipient_id)
    events.push(events.user_group(sender_id), frame)
    # Last, since it asks the database once more.
    events.push(events.user_group(recipient_id), _badges(recipient_id, sender_id))


def push_unless_read(message: Message) -> None:
    """Have the recipient's devices told of a message, in a while; inside its transaction."""
    pushes.begin(SOURCE, message.pk, PUSHED_AFTER)


def _who_is_told(message_id: int) -> User | None:
    """The recipient of a message, unless they have read it or block whoever wrote."""
    message = Message.objects.by_hand().filter(pk=message_id).first()
    if message is None:
        return None
    unread = Participation.objects.filter(last_read_id__lt=message.pk).select_related("user")
    side = unread.filter(conversation=message.conversation_id, other=message.sender_id).first()
    if side is None or not side.user.wants_push(MailKind.MESSAGES):
        return None
    blocked = Block.objects.between(side.user_id, message.sender_id).exists()
    return None if blocked else side.user


def _push(message_id: int, reader: User) -> Push:
    """Who wrote; that of a later message takes its place, since it leads to the same."""
    message = Message.objects.select_related("sender").get(pk=message_id)
    return Push(
        _("Message from %(name)s") % {"name": message.sender.username},
        message.created_at,
        reverse("chat:conversation", args=[message.sender_id]),
    )


SOURCE = "message"
pushes.register(SOURCE, pushes.Source(_who_is_told, _push))


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
