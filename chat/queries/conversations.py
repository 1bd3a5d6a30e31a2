"""The inbox, and the messages of a conversation."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import BigIntegerField, Exists, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Notice, User
from chat.models import Message, MessageQuerySet, Participation
from scheduling.models import Booking
from setahub.core.db.prepared import prepared
from topics.models import Topic

MESSAGES_A_PAGE = 50
MISSED_AT_ONCE = 200  # messages
ON_START_PAGE = 3  # conversations

# Messages, oldest first, and whether there are more of them.
Part = tuple[Sequence[Message], bool]


@prepared
def inbox(user: int) -> "QuerySet[Participation]":
    """Somebody's conversations, unread first."""
    return Participation.objects.inbox(user)


def latest(viewer: User) -> list[Participation]:
    """The few conversations that the start page shows."""
    return inbox(viewer.pk)[:ON_START_PAGE]


def has_written(user_id: int) -> bool:
    """Whether they ever wrote a message: a card is none."""
    return Message.objects.by_hand().filter(sender=user_id).exists()


def side_of(viewer: User, person: User) -> Participation | None:
    """The viewer's side of the conversation of the two; None where there is none yet."""
    return Participation.objects.with_other(viewer.pk, person.pk).first()


def unread_counts(user_id: int) -> dict[int, int]:
    """Unread messages by the id of whoever wrote them; zeros are left out."""
    return dict(_unread_counts(user_id))


@prepared
def _unread_counts(user: int) -> "QuerySet[Participation, tuple[int, int]]":
    return Participation.objects.unread(user).values_list("other", "unread")


def newest_id(user_id: int) -> int | None:
    """The newest message of all the user's conversations."""
    return Participation.objects.newest(user_id).first()


@prepared
def sent_since(sender: int, moment: datetime) -> "QuerySet[Message, str]":
    """The kinds of what somebody has sent since then, cards aside, newest first."""
    sent = Message.objects.filter(sender=sender, created_at__gt=moment, client_id__isnull=False)
    return sent.order_by("-created_at").values_list("kind", flat=True)


class Badge(NamedTuple):
    """What every page says of its reader: unread messages in all, the newest message there is (0 for
    none), whether they may open time, and unread notices."""

    unread: int = 0
    newest: int = 0
    is_ta: bool = False
    notices: int = 0


def badge(user_id: int) -> Badge:
    """One query."""
    return Badge(*(_badge(user_id).first() or ()))


@prepared
def _badge(user: int) -> "QuerySet[User, tuple[int, int, bool, int]]":
    sides = Participation.objects
    total = sides.unread(user).values("user").annotate(total=Sum("unread")).values("total")
    newest = Subquery(sides.newest(user)[:1], BigIntegerField())
    return User.objects.filter(pk=user).values_list(
        Coalesce(Subquery(total), 0),
        Coalesce(newest, 0),
        Exists(Topic.objects.taught_by(user)),
        Coalesce(Subquery(Notice.objects.of(user).unread().number()), 0),
    )


def messages_before(side: Participation | None, message_id: int | None) -> Part:
    """The latest messages of a conversation, or the latest before one of them."""
    rows = _messages(side).newest(MESSAGES_A_PAGE + 1, message_id)
    return rows[-MESSAGES_A_PAGE:], len(rows) > MESSAGES_A_PAGE


def messages_after(side: Participation | None, message_id: int) -> Part:
    """The messages of a conversation that follow one of them."""
    rows = _messages(side).following(message_id, MISSED_AT_ONCE + 1)
    return rows[:MISSED_AT_ONCE], len(rows) > MISSED_AT_ONCE


def _messages(side: Participation | None) -> MessageQuerySet:
    if side is None:  # the two have none yet
        return Message.objects.none()
    return Message.objects.filter(conversation=side.conversation_id).shown()


def next_booking(viewer: User, person: User) -> Booking | None:
    """The soonest booking that the two still have before them."""
    return Booking.objects.between(viewer.pk, person.pk).first()
