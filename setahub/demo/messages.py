"""The demo's conversations, through the services and then moved back in time.

A message that comes later has a higher id: so the talks of the days before are written before
anything is booked, and the last lines of them after that. Booking cards come by themselves.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
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
from setahub.core.images import reencode_all
from setahub.demo.people import Cast
from setahub.demo.talks import PICTURE, TALKS, Line, Talk, tree_picture

SEEN_AFTER = timedelta(minutes=2)
BOOKED = (1500, 120)  # minutes before now: the first and the last of the coming bookings
FULL, THUMB = 2048, 480  # pixels

Pair = tuple[Talk, User, User]


def begin(cast: Cast) -> int:
    """What people made just now wrote before they booked. Returns how many lines."""
    return _write(cast, lambda line: line.ago > BOOKED[0])


def finish(cast: Cast, since: datetime) -> int:
    """The cards that came ``since``, and what was written after them. Returns how many lines."""
    cards = list(
        Message.objects.filter(kind=Message.Kind.BOOKING, created_at__gte=since)
        .select_related("event__booking")
        .order_by("pk")
    )
    _backdate_cards(cards)
    lines = _write(cast, lambda line: line.ago < BOOKED[1])
    _read_cards(cards)
    for talk, student, ta in _talks(cast):
        _read_talk(talk, student, ta)
    _tell_nobody(cards, _talks(cast))
    return lines


def _tell_nobody(cards: list[Message], talks: list[Pair]) -> None:
    """What was left unread on purpose is told by no email: these people are made up."""
    pairs = Q(conversation__in={card.conversation_id for card in cards})
    for _talk, student, ta in talks:
        pairs |= Q(user=student, other=ta) | Q(user=ta, other=student)
    Participation.objects.filter(pairs).update(told_id=F("last_message_id"))


def _talks(cast: Cast) -> list[Pair]:
    return [
        (talk, cast.users[talk.student], cast.users[talk.ta])
        for talk in TALKS
        if {talk.student, talk.ta} <= set(cast.fresh)
    ]


# --- Writing ------------------------------------------------------------------------------------


def _write(cast: Cast, which: Callable[[Line], bool]) -> int:
    """These lines of all talks in order of time, as far as the rules let people write."""
    now = timezone.now()
    lines = [
        (line, *((ta, student) if line.by_ta else (student, ta)))
        for talk, student, ta in _talks(cast)
        for line in talk.lines
        if which(line)
    ]
    said = []
    for line, sender, other in sorted(lines, key=lambda each: -each[0].ago):
        with suppress(ChatError):
            message = _say(sender, other, line)
            message.created_at = now - timedelta(minutes=line.ago)
            said.append(message)
    Message.objects.bulk_update(said, ["created_at"])
    return len(said)


def _say(sender: User, other: User, line: Line) -> Message:
    if line.text != PICTURE:
        return services.send(sender.pk, other.pk, uuid.uuid4(), line.text)
    data = tree_picture()
    full, thumb = reencode_all(BytesIO(data), [FULL, THUMB])
    picture = services.Picture(full, thumb, sha256(data).hexdigest())
    return services.send(sender.pk, other.pk, uuid.uuid4(), "", picture)


def _backdate_cards(cards: list[Message]) -> None:
    """One booking after the other, not all in the same second."""
    now, (first, last) = timezone.now(), BOOKED
    step = (first - last) / max(len(cards), 1)
    bookings, events = [], []
    for number, card in enumerate(cards):
        assert card.event is not None  # noqa: S101  (a card has one)
        card.created_at = now - timedelta(minutes=first - number * step)
        card.event.created_at = card.event.booking.created_at = card.created_at
        events.append(card.event)
        bookings.append(card.event.booking)
    Message.objects.bulk_update(cards, ["created_at"])
    BookingEvent.objects.bulk_update(events, ["created_at"])
    Booking.objects.bulk_update(bookings, ["created_at"])


# --- Reading ------------------------------------------------------------------------------------


def _read_cards(cards: list[Message]) -> None:
    """Everybody has seen theirs but the newest one."""
    received: dict[int, list[Message]] = defaultdict(list)
    for card in cards:
        booking = card.event.booking  # type: ignore[union-attr]
        by_student = card.sender_id == booking.student_id
        received[booking.ta_id if by_student else booking.student_id].append(card)
    for reader, own in received.items():
        upto = {card.sender_id: card.pk for card in own[:-1]}
        for sender, pk in upto.items():
            _see(reader, sender, pk)
        _wait(reader, own[-1])


def _read_talk(talk: Talk, student: User, ta: User) -> None:
    """Both have read it, but for the last lines where the talk says so."""
    said = list(Message.objects.between(student.pk, ta.pk).order_by("pk"))
    if not said:
        return
    writer, reader = (ta, student) if said[-1].sender_id == ta.pk else (student, ta)
    _see(writer.pk, reader.pk, said[-1].pk)
    _see(reader.pk, writer.pk, said[: len(said) - talk.unread][-1].pk)
    if talk.unread:
        _wait(reader.pk, said[-talk.unread])


def _see(reader: int, other: int, upto: int) -> None:
    """Read up to a message, soon after the other had written last."""
    services.mark_read(reader, other, upto)
    theirs = Message.objects.between(reader, other).filter(sender=other, pk__lte=upto)
    came = theirs.order_by("-pk").values_list("created_at", flat=True).first()
    if came:
        side = Participation.objects.with_other(reader, other)
        side.update(read_at=min(came + SEEN_AFTER, timezone.now()))


def _wait(reader: int, first: Message) -> None:
    """The first unread message waits since it came."""
    side = Participation.objects.with_other(reader, first.sender_id).filter(is_unread=True)
    side.update(unread_since=first.created_at)
