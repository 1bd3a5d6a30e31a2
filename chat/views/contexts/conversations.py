"""Reads that the pages of conversations share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import Block, User
from chat import presence, services
from chat.errors import ChatError
from chat.models import Message, MessageQuerySet, Participation
from scheduling.models import Booking
from setahub.core import clock
from setahub.core.db.prepared import PreparedQuery, prepared
from topics.models import Topic

LATEST = 50
MISSED = 200
INBOX = 30
NEWEST = 3


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
    shown, day, divided = [], None, read_upto is None
    states = _states(messages, viewer_id, their_read_id)
    followers: list[Message | None] = [*messages[1:], None]
    for message, follower in zip(messages, followers, strict=False):
        own_day = clock.local(message.created_at).date()
        unread = not divided and message.sender_id != viewer_id and message.pk > (read_upto or 0)
        divided = divided or unread
        begins = own_day if own_day != day else None
        joined, state = _are_joined(message, follower), states.get(message.pk, "")
        shown.append(Line(message, begins, unread, joined, state))
        day = own_day
    return shown


def _are_joined(message: Message, follower: Message | None) -> bool:
    return (
        follower is not None
        and not (message.is_card or follower.is_card)
        and message.sender_id == follower.sender_id
        and clock.full(message.created_at) == clock.full(follower.created_at)
    )


def _states(messages: Sequence[Message], viewer_id: int, their_read_id: int) -> dict[int, str]:
    """The viewer's newest message that was read, and their newest one where it wasn't."""
    mine = [each.pk for each in messages if each.sender_id == viewer_id and not each.is_card]
    states = {pk: "read" for pk in mine[::-1] if pk <= their_read_id}
    newest_read = max(states, default=0)
    found = {newest_read: "read"} if newest_read else {}
    if mine and mine[-1] > newest_read:
        found[mine[-1]] = "sent"
    return found


# --- Whom one may write to ----------------------------------------------------------------------


def partner(viewer: User, pk: int) -> User:
    """Whom the viewer has a conversation with, or could have one but for a block; else Http404."""
    person = User.objects.filter(pk=pk).first()
    if person is None or not has_page(viewer, person):
        raise Http404
    return person


def has_page(viewer: User, person: User) -> bool:
    """Whether there is a page of the two: a block closes it to no one, it says why one can't write."""
    return services.share_conversation(viewer.pk, person.pk) or services.are_within_reach(
        viewer.pk, person.pk
    )


def may_open(viewer: User, person: User) -> bool:
    """Whether the two have a conversation, or the viewer may begin one."""
    return services.share_conversation(viewer.pk, person.pk) or services.may_write(viewer, person)


def may_message(viewer: User, person: User) -> bool:
    """Whether pages offer the viewer to write to somebody: where they may. One query at most."""
    return person.is_active and services.may_write(viewer, person)


def writable(viewer: User, people: Iterable[User]) -> set[int]:
    """Ids of those, all of them TAs or students who booked the viewer, whom they may write to.

    What ``may_message`` says of each, in one query.
    """
    ids = {each.pk for each in people if each.is_active} - {viewer.pk}
    return ids - Block.objects.others_of(viewer.pk) if ids else set()


# --- Pages --------------------------------------------------------------------------------------


def conversation(viewer: User, person: User, before: int | None = None) -> dict[str, Any]:
    """What the page of a conversation shows, its form aside. A constant number of queries.

    ``before``: messages older than this one rather than the latest.
    """
    side = Participation.objects.with_other(viewer.pk, person.pk).first()
    theirs = Participation.objects.with_other(person.pk, viewer.pk).first()
    messages: Sequence[Message] = []
    if side:
        messages = _rows(side).newest(LATEST + 1, before)
    shown = messages[-LATEST:]
    refused = refusal(viewer, person)
    seen = theirs if refused is None or refused.code != "blocked" else None
    their_read_id = seen.last_read_id if seen else 0
    unread_above = 0 if before else _unread_above(side, shown)
    return {
        "person": person,
        "lines": lines(
            shown,
            viewer.pk,
            read_upto=side.last_read_id if side and not unread_above else None,
            their_read_id=their_read_id,
        ),
        "older": shown[0].pk if len(messages) > LATEST else None,
        "before": before,
        "last_id": shown[-1].pk if shown else 0,
        "read_id": side.last_read_id if side else 0,
        "unread": side.unread if side else 0,
        "unread_above": unread_above,
        "began": side is not None,
        "their_read_id": their_read_id,
        "their_read_at": seen.read_at if seen else None,
        "online": bool(side and seen) and presence.is_online(person.pk),
        "sees": bool(side and seen),
        "topics": list(Topic.objects.taught_by(person.pk).order_by("name_key")[:3]),
        "booking": next_booking(viewer, person),
        "refusal": refused.message if refused else "",
        "blocked_by_me": Block.objects.made(viewer.pk, person.pk).exists(),
        "viewer_id": viewer.pk,
    }


def _unread_above(side: Participation | None, shown: Sequence[Message]) -> int:
    """How many unread messages are older than those of the page."""
    if side is None:
        return 0
    unread = [one for one in shown if one.sender_id == side.other_id and one.pk > side.last_read_id]
    return max(side.unread - len(unread), 0)


def _rows(side: Participation) -> MessageQuerySet:
    return Message.objects.filter(conversation=side.conversation_id).shown()


def history(
    viewer: User, person: User, *, before: int | None = None, after: int | None = None
) -> dict[str, Any]:
    """Older messages, or those after one, oldest first; ``more`` where there are more of them."""
    rows = Message.objects.between(viewer.pk, person.pk).shown()
    found: Sequence[Message]
    if after is not None:
        found = rows.following(after, MISSED + 1)
        shown, more = found[:MISSED], len(found) > MISSED
    else:
        found = rows.newest(LATEST + 1, before)
        shown, more = found[-LATEST:], len(found) > LATEST
    theirs = None
    if services.may_see(viewer.pk, person.pk):
        theirs = Participation.objects.with_other(person.pk, viewer.pk).first()
    return {
        "person": person,
        "lines": lines(shown, viewer.pk),
        "more": more,
        "their_read_id": theirs.last_read_id if theirs else 0,
        "their_read_at": theirs.read_at if theirs else None,
        "viewer_id": viewer.pk,
    }


def refusal(viewer: User, person: User) -> ChatError | None:
    """Why the viewer can't write to somebody now, or None."""
    try:
        services.check_may_write(viewer.pk, person.pk)
    except ChatError as error:
        # Without its traceback, which would keep all that was looked at.
        return ChatError(error.code, error.message)
    return None


def next_booking(viewer: User, person: User) -> Booking | None:
    """The soonest booking that the two still have before them."""
    return Booking.objects.between(viewer.pk, person.pk).first()


def inbox(viewer: User) -> PreparedQuery[Participation]:
    """The viewer's conversations, unread first."""
    return _inbox(viewer.pk)


@prepared
def _inbox(user: int) -> "QuerySet[Participation]":
    return Participation.objects.inbox(user)


def latest(viewer: User) -> list[Participation]:
    """The few conversations that the start page shows."""
    return inbox(viewer)[:NEWEST]
