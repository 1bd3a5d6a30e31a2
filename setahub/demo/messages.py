"""The demo's conversations, through the services and then moved back in time.

Booking cards come by themselves; here they get the time of their booking, and most are read.
"""

import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from chat import services
from chat.errors import ChatError
from chat.models import Message, Participation
from scheduling.models import Booking, BookingEvent
from setahub.demo.people import Cast
from setahub.demo.talks import PICTURE, TALKS, Line, Talk, tree_picture
from setahub.lib.images import reencode

SEEN_AFTER = timedelta(minutes=2)
BOOKED_BEFORE = timedelta(minutes=20)  # the first line of a talk
FULL, THUMB = 2048, 480  # pixels


def ensure(cast: Cast, since: datetime) -> int:
    """Talks of people made just now, after the cards that came ``since``. Returns how many lines."""
    cards = list(
        Message.objects.filter(kind=Message.Kind.BOOKING, created_at__gte=since)
        .select_related("event__booking")
        .order_by("pk")
    )
    talks = [
        (talk, cast.users[talk.student], cast.users[talk.ta])
        for talk in TALKS
        if {talk.student, talk.ta} <= set(cast.fresh)
    ]
    _backdate_cards(cards, {(student.pk, ta.pk): talk for talk, student, ta in talks})
    _read_cards(cards)
    lines = sum(_hold(*each) for each in talks)
    _tell_nobody(cards, talks)
    return lines


def _tell_nobody(cards: list[Message], talks: list[tuple[Talk, User, User]]) -> None:
    """What was left unread on purpose is told by no email: these people are made up."""
    for _talk, student, ta in talks:
        for side in (
            Participation.objects.with_other(student.pk, ta.pk),
            Participation.objects.with_other(ta.pk, student.pk),
        ):
            side.update(told_id=F("last_message_id"))
    with_cards = Participation.objects.filter(
        conversation__in={each.conversation_id for each in cards}
    )
    with_cards.update(told_id=F("last_message_id"))


# --- Cards --------------------------------------------------------------------------------------


def _backdate_cards(cards: list[Message], talks: dict[tuple[int, int], Talk]) -> None:
    """To when the booking was made, which is before people talk about it."""
    latest: dict[int, datetime] = {}
    for card in cards:
        booking = card.event.booking  # type: ignore[union-attr]
        at = booking.created_at
        if talk := talks.get((booking.student_id, booking.ta_id)):
            first = timezone.now() - timedelta(minutes=talk.lines[0].ago)
            at = min(at, first - BOOKED_BEFORE)
        card.created_at = max(at, latest.get(card.conversation_id, at))
        latest[card.conversation_id] = card.created_at
        booking.created_at = card.event.created_at = card.created_at  # type: ignore[union-attr]
    Message.objects.bulk_update(cards, ["created_at"])
    bookings = {card.event.booking_id: card.event.booking for card in cards}  # type: ignore[union-attr]
    Booking.objects.bulk_update(bookings.values(), ["created_at"])
    BookingEvent.objects.bulk_update([card.event for card in cards if card.event], ["created_at"])


def _read_cards(cards: list[Message]) -> None:
    """Everybody has seen theirs but the newest one."""
    received: dict[int, list[Message]] = defaultdict(list)
    for card in cards:
        booking = card.event.booking  # type: ignore[union-attr]
        by_student = card.sender_id == booking.student_id
        received[booking.ta_id if by_student else booking.student_id].append(card)
    for reader, own in received.items():
        newest = max(own, key=lambda card: (card.created_at, card.pk))
        upto = {card.sender_id: card.pk for card in own if card is not newest}
        for sender, pk in upto.items():
            _see(reader, sender, pk)
        unread = Participation.objects.with_other(reader, newest.sender_id).filter(is_unread=True)
        unread.update(unread_since=newest.created_at)


# --- Talks --------------------------------------------------------------------------------------


def _hold(talk: Talk, student: User, ta: User) -> int:
    """Write the talk's lines, as far as the rules let these two."""
    now, said = timezone.now(), []
    for line in talk.lines:
        sender, other = (ta, student) if line.by_ta else (student, ta)
        try:
            message = _say(sender, other, line)
        except ChatError:
            break
        message.created_at = now - timedelta(minutes=line.ago)
        said.append(message)
    Message.objects.bulk_update(said, ["created_at"])
    if not said:
        return 0
    last = said[-1]
    reader = student.pk if last.sender_id == ta.pk else ta.pk
    seen = said[: len(said) - talk.unread][-1]
    _see(last.sender_id, reader, last.pk)
    _see(reader, last.sender_id, seen.pk)
    if talk.unread:
        first = said[-talk.unread]
        Participation.objects.with_other(reader, last.sender_id).filter(is_unread=True).update(
            unread_since=first.created_at
        )
    return len(said)


def _say(sender: User, other: User, line: Line) -> Message:
    if line.text != PICTURE:
        return services.send(sender.pk, other.pk, uuid.uuid4(), line.text)
    data = tree_picture()
    full = reencode(BytesIO(data), max_side=FULL)
    thumb = reencode(BytesIO(data), max_side=THUMB)
    picture = services.Picture(full, thumb, sha256(data).hexdigest())
    return services.send(sender.pk, other.pk, uuid.uuid4(), "", picture)


def _see(reader: int, other: int, upto: int) -> None:
    """Read up to a message, soon after it came."""
    services.mark_read(reader, other, upto)
    came = Message.objects.filter(Q(pk=upto)).values_list("created_at", flat=True).get()
    Participation.objects.with_other(reader, other).update(
        read_at=min(came + SEEN_AFTER, timezone.now())
    )
