"""Reads that the pages of conversations share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404

from accounts.models import Block, User
from chat import presence, services
from chat.errors import ChatError
from chat.models import Message, Participation, ParticipationQuerySet
from scheduling.models import Booking
from setahub.lib import when
from topics.models import Topic

LATEST = 50
MISSED = 200
INBOX = 30


@dataclass(frozen=True)
class Line:
    """A message as a list shows it."""

    message: Message
    day: date | None  # the day that begins with it, where one does
    first_unread: bool


def lines(messages: Sequence[Message], viewer_id: int, *, read_upto: int | None) -> list[Line]:
    """Messages (oldest first) with the days between them and the line before the first unread.

    ``read_upto`` is the last message that the viewer has read; None for no such line.
    """
    shown, day, divided = [], None, read_upto is None
    for message in messages:
        own_day = when.local(message.created_at).date()
        unread = not divided and message.sender_id != viewer_id and message.pk > (read_upto or 0)
        divided = divided or unread
        shown.append(Line(message, own_day if own_day != day else None, unread))
        day = own_day
    return shown


def partner(viewer: User, pk: int) -> User:
    """Whom the viewer has a conversation with or may write to; Http404 for anybody else."""
    person = User.objects.filter(pk=pk).first()
    if person is None or not may_open(viewer, person):
        raise Http404
    return person


def may_open(viewer: User, person: User) -> bool:
    """Whether the two have a conversation, or the viewer may begin one."""
    return services.share_conversation(viewer.pk, person.pk) or services.may_write(viewer, person)


def conversation(viewer: User, person: User) -> dict[str, Any]:
    """What the page of a conversation shows, its form aside. A constant number of queries."""
    side = Participation.objects.with_other(viewer.pk, person.pk).first()
    theirs = Participation.objects.with_other(person.pk, viewer.pk).first()
    messages = (
        Message.objects.filter(conversation=side.conversation_id).shown().newest(LATEST + 1)
        if side
        else []
    )
    shown = messages[-LATEST:]
    return {
        "person": person,
        "lines": lines(shown, viewer.pk, read_upto=side.last_read_id if side else None),
        "older": shown[0].pk if len(messages) > LATEST else None,
        "last_id": shown[-1].pk if shown else 0,
        "unread": side.unread if side else 0,
        "their_read_id": theirs.last_read_id if theirs else 0,
        "their_read_at": theirs.read_at if theirs else None,
        "online": bool(side) and presence.is_online(person.pk),
        "topics": list(Topic.objects.taught_by(person.pk).order_by("name_key")[:3]),
        "booking": next_booking(viewer, person),
        "refusal": refusal(viewer, person),
        "blocked_by_me": Block.objects.made(viewer.pk, person.pk).exists(),
        "viewer_id": viewer.pk,
    }


def refusal(viewer: User, person: User) -> str:
    """Why the viewer can't write to somebody now, or ""."""
    try:
        services.check_may_write(viewer, person)
    except ChatError as error:
        return error.message
    return ""


def next_booking(viewer: User, person: User) -> Booking | None:
    """The soonest booking that the two still have before them."""
    return Booking.objects.between(viewer.pk, person.pk).first()


def inbox(viewer: User) -> ParticipationQuerySet:
    """The viewer's conversations, unread first."""
    return Participation.objects.inbox(viewer.pk)
