"""What the pages of a conversation show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.queries.blocks import has_blocked
from chat import presence, services
from chat.models import Message, Participation
from chat.queries.conversations import messages_after, messages_before, next_booking, side_of
from chat.queries.reach import visible_side
from chat.views.contexts.messages import Line, lines
from scheduling.models import Booking
from setahub.core.web.refusals import refusal_of
from topics.models import Topic
from topics.queries.topics import taught_by


@dataclass(frozen=True)
class History:
    """A part of a conversation, oldest first; ``more`` where there are more of its kind."""

    person: User
    viewer_id: int
    lines: list[Line]
    more: bool
    their_read_id: int
    their_read_at: datetime | None

    @classmethod
    def of(
        cls, viewer: User, person: User, *, before: int | None = None, after: int | None = None
    ) -> "History":
        """Older messages, or those after one."""
        side, theirs = _sides(viewer, person)
        if after is None:
            messages, more = messages_before(side, before)
        else:
            messages, more = messages_after(side, after)
        return cls(person, viewer.pk, lines(messages, viewer.pk), more, *_read_by(theirs))


@dataclass(frozen=True)
class Conversation:
    """A page of a conversation, its form aside.

    ``before``: it begins before this message, rather than with the latest; ``older`` than this one
    there are more. ``sees``: whether the viewer may know that the other is ``online``.
    """

    person: User
    viewer_id: int
    lines: list[Line]
    before: int | None
    older: int | None
    last_id: int
    read_id: int
    unread: int
    unread_above: int
    their_read_id: int
    their_read_at: datetime | None
    sees: bool
    online: bool
    topics: list[Topic]
    booking: Booking | None
    refusal: str
    blocked_by_me: bool

    @classmethod
    def of(cls, viewer: User, person: User, before: int | None = None) -> "Conversation":
        """A constant number of queries."""
        side, theirs = _sides(viewer, person)
        messages, more = messages_before(side, before)
        unread_above = 0 if before or side is None else _unread_above(side, messages)
        read_id = side.last_read_id if side else 0
        their_read_id, their_read_at = _read_by(theirs)
        refusal = refusal_of(services.check_may_write, viewer.pk, person.pk)
        return cls(
            person=person,
            viewer_id=viewer.pk,
            lines=lines(
                messages,
                viewer.pk,
                read_upto=read_id if side and not unread_above else None,
                their_read_id=their_read_id,
            ),
            before=before,
            older=messages[0].pk if more else None,
            last_id=messages[-1].pk if messages else 0,
            read_id=read_id,
            unread=side.unread if side else 0,
            unread_above=unread_above,
            their_read_id=their_read_id,
            their_read_at=their_read_at,
            sees=theirs is not None,
            online=theirs is not None and presence.is_online(person.pk),
            topics=taught_by(person)[:3],
            booking=next_booking(viewer, person),
            refusal=refusal.message if refusal else "",
            blocked_by_me=has_blocked(viewer, person),
        )


def _sides(viewer: User, person: User) -> tuple[Participation | None, Participation | None]:
    """The viewer's side of a conversation, and what they may see of the other's."""
    side = side_of(viewer, person)
    return side, visible_side(viewer.pk, person.pk).first() if side else None


def _read_by(side: Participation | None) -> tuple[int, datetime | None]:
    return (side.last_read_id, side.read_at) if side else (0, None)


def _unread_above(side: Participation, messages: Sequence[Message]) -> int:
    """How many unread messages are older than those of the page."""
    unread = [one for one in messages if one.sender_id == side.other_id]
    return max(side.unread - sum(one.pk > side.last_read_id for one in unread), 0)
