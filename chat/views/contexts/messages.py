"""How a list shows messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chat.models import Message
from setahub.core import clock


@dataclass(frozen=True)
class Line:
    """A message as a list shows it.

    ``joined``: the next one is of the same person and minute, so that one time is enough for both.
    ``state``: "sent", "read", or "" where the list says neither.
    """

    message: Message
    day: date | None  # the day that begins with it, where one does
    first_unread: bool
    joined: bool
    state: str


def lines(
    messages: Sequence[Message],
    viewer_id: int,
    *,
    read_upto: int | None = None,
    their_read_id: int = 0,
) -> list[Line]:
    """Messages (oldest first) with the days between them and the line before the first unread.

    ``read_upto`` is the last message that the viewer has read; None for no such line.
    ``their_read_id`` is the last one that the other has read.
    """
    listed, day, divided = [], None, read_upto is None
    states = _states(messages, viewer_id, their_read_id)
    followers: list[Message | None] = [*messages[1:], None]
    for message, follower in zip(messages, followers, strict=False):
        own_day = clock.local(message.created_at).date()
        unread = not divided and message.sender_id != viewer_id and message.pk > (read_upto or 0)
        divided = divided or unread
        begins = own_day if own_day != day else None
        joined, state = _are_joined(message, follower), states.get(message.pk, "")
        listed.append(Line(message, begins, unread, joined, state))
        day = own_day
    return listed


def _are_joined(message: Message, follower: Message | None) -> bool:
    return (
        follower is not None
        and not (message.is_card or follower.is_card)
        and message.sender_id == follower.sender_id
        and clock.full(message.created_at) == clock.full(follower.created_at)
    )


def _states(messages: Sequence[Message], viewer_id: int, their_read_id: int) -> dict[int, str]:
    """The viewer's newest message that was read, and their newest one where it wasn't."""
    sent = [each.pk for each in messages if each.sender_id == viewer_id and not each.is_card]
    newest_read = max((pk for pk in sent if pk <= their_read_id), default=0)
    newest = {newest_read: "read"} if newest_read else {}
    if sent and sent[-1] > newest_read:
        newest[sent[-1]] = "sent"
    return newest
