"""The inbox, and the messages of a conversation."""

from collections.abc import Sequence

from django.db.models import QuerySet

from accounts.models import User
from chat.models import Message, MessageQuerySet, Participation
from scheduling.models import Booking
from setahub.core.db.prepared import prepared

LATEST = 50  # messages of a page
MISSED = 200
NEWEST = 3  # conversations of the start page

# Messages, oldest first, and whether there are more of them.
Part = tuple[Sequence[Message], bool]


@prepared
def inbox(user: int) -> "QuerySet[Participation]":
    """Somebody's conversations, unread first."""
    return Participation.objects.inbox(user)


def latest(viewer: User) -> list[Participation]:
    """The few conversations that the start page shows."""
    return inbox(viewer.pk)[:NEWEST]


def messages_before(side: Participation | None, message_id: int | None) -> Part:
    """The latest messages of a conversation, or the latest before one of them."""
    rows = _messages(side).newest(LATEST + 1, message_id)
    return rows[-LATEST:], len(rows) > LATEST


def messages_after(side: Participation | None, message_id: int) -> Part:
    """The messages of a conversation that follow one of them."""
    rows = _messages(side).following(message_id, MISSED + 1)
    return rows[:MISSED], len(rows) > MISSED


def _messages(side: Participation | None) -> MessageQuerySet:
    if side is None:  # the two have none yet
        return Message.objects.none()
    return Message.objects.filter(conversation=side.conversation_id).shown()


def next_booking(viewer: User, person: User) -> Booking | None:
    """The soonest booking that the two still have before them."""
    return Booking.objects.between(viewer.pk, person.pk).first()
