"""Everything that changes conversations: sending, reading, booking cards, reports.

Whoever writes into a conversation locks its row before an id is drawn, so that the ids of one
conversation become visible in their order. Live frames go out after the commit and are only hints.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Block, User
from chat import notifications
from chat.errors import ChatError
from chat.models import TEXT_MAX, Conversation, Message, Participation, Report
from scheduling.models import Booking, BookingEvent
from setahub.core.db.prepared import prepared
from setahub.core.images import EncodedImage
from setahub.core.storage import CANNOT_STORE, StorageAway
from setahub.core.text import is_blank
from setahub.core.web import ratelimit
from setahub.policy.current import policy
from topics.models import Registration

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Picture:
    """An uploaded picture, re-encoded: in full, as a thumbnail, and the upload's own digest."""

    full: EncodedImage
    thumb: EncodedImage
    digest: str


# --- Who may write to whom ----------------------------------------------------------------------


def check_may_write(sender_id: int, recipient_id: int, *, lock: bool = False) -> User:
    """Raises ChatError unless the one may write to the other now, by id; gives the sender.

    A student may write first to anyone who is a TA, a TA to anyone who has or had a booking with
    them, and both may answer. A block of either stops both. One query; ``lock`` holds the sender's
    row from then on.
    """
    if recipient_id == sender_id:
        raise ChatError("invalid", _("You can't write to yourself."))
    sender = _sender(sender_id, recipient_id, lock=lock).first()
    if sender is None or not sender.reaches:
        raise ChatError("not_allowed", _("You can't write to this person."))
    if sender.blocked:
        raise ChatError("blocked", _("No messages can be sent between you two."))
    if not sender.acquainted:
        raise ChatError(
            "not_allowed",
            _("You can write to TAs, to students who booked you, and to who wrote to you."),
        )
    return sender


@prepared
def _sender(sender: int, recipient: int, *, lock: bool) -> "QuerySet[Any]":
    one_way, other_way = Q(low=sender, high=recipient), Q(low=recipient, high=sender)
    conversation = Conversation.objects.filter(one_way | other_way).values("pk")
    found = User.objects.active().filter(pk=sender)
    found = found.annotate(
        reaches=Exists(User.objects.active().filter(pk=recipient)),
        blocked=Exists(Block.objects.between(sender, recipient)),
        acquainted=Exists(Registration.objects.approved().filter(user=recipient))
        | Exists(Booking.objects.filter(ta=sender, student=recipient))
        | Exists(Message.objects.filter(conversation__in=conversation, sender=recipient)),
    )
    return found.select_for_update(no_key=True) if lock else found


def may_write(sender: User, recipient: User) -> bool:
    """Whether ``sender`` may write to ``recipient`` now."""
    try:
        check_may_write(sender.pk, recipient.pk)
    except ChatError:
        return False
    return True


def are_within_reach(sender_id: int, recipient_id: int) -> bool:
    """Whether the one may write to the other, a block between them aside."""
    if sender_id == recipient_id:
        return False
    sender = _sender(sender_id, recipient_id, lock=False).first()
    return sender is not None and sender.reaches and sender.acquainted


def share_conversation(one_id: int, other_id: int) -> bool:
    """Whether the two have written to each other."""
    return Conversation.objects.between(one_id, other_id).exists()


def may_see(viewer_id: int, other_id: int) -> bool:
    """Whether the one sees when the other is online and what they have read: not over a block.

    Of either direction: who is blocked learns no more of the blocker than the other way round.
    """
    unblocked = ~Exists(Block.objects.between(viewer_id, other_id))
    return Conversation.objects.between(viewer_id, other_id).filter(unblocked).exists()


# --- Sending ------------------------------------------------------------------------------------


def send(
    sender_id: int,
    recipient_id: int,
    client_id: uuid.UUID | None,
    text: str = "",
    picture: Picture | None = None,
) -> Message:
    """Store a message and tell open pages; or give the message that this ``client_id`` made before.

    When this returns, the message is committed. Raises ChatError with the reason if it isn't.
    """
    check_text(text, needed=picture is None)
    text = "" if is_blank(text) else text  # a caption in which nothing can be seen
    message = Message(
        sender_id=sender_id,
        client_id=client_id or uuid.uuid4(),  # cards alone have none, and count towards no limit
        text=text,
        kind=Message.Kind.IMAGE if picture else Message.Kind.TEXT,
        digest=picture.digest if picture else "",
    )
    try:
        with transaction.atomic(), _kept_files(message):
            return _send(message, recipient_id, picture)
    except StorageAway as error:
        raise ChatError("unavailable", CANNOT_STORE, field="image") from error
    except (ChatError, IntegrityError) as refused:
        # Looked for only now: hardly any message is sent twice.
        before = Message.objects.filter(sender=sender_id, client_id=message.client_id).first()
        if before is None or not before.sender.is_active:
            raise
        return _again(before, message, recipient_id, refused)


def _send(message: Message, recipient_id: int, picture: Picture | None) -> Message:
    sender = check_may_write(message.sender_id, recipient_id, lock=True)
    message.sender = sender  # what open pages are sent names them
    _check_rate(sender, with_image=picture is not None)
    if picture is not None:
        message.width, message.height = picture.full.width, picture.full.height
        message.image.save("", picture.full, save=False)
        message.thumb.save("", picture.thumb, save=False)
    return _store(message, recipient_id)


@contextmanager
def _kept_files(message: Message) -> Iterator[None]:
    """Takes the message's files away again when it can't be stored.

    Inside the transaction: of a commit that fails nobody knows whether it was done, and a message
    without its picture is worse than a picture without its message.
    """
    try:
        yield
    except BaseException:
        message.image.delete(save=False)
        message.thumb.delete(save=False)
        raise


def check_text(text: str, *, needed: bool) -> None:
    """Raises ChatError when the text can't be a message, or is empty though it is needed."""
    if len(text) > TEXT_MAX:
        raise ChatError(
            "too_long", _("A message has at most %(most)d characters.") % {"most": TEXT_MAX}
        )
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ChatError("invalid", _("This text has characters that can't be stored."))
    if needed and is_blank(text):
        raise ChatError("invalid", _("Write something first."))


def sent_before(
    sender_id: int, recipient_id: int, client_id: uuid.UUID | None, text: str, digest: str
) -> Message | None:
    """The message that this ``client_id`` made of this picture, or None.

    Raises ChatError when it said other things then.
    """
    if client_id is None:
        return None
    before = Message.objects.filter(sender=sender_id, client_id=client_id).first()
    if before is None or not before.sender.is_active:
        return None
    message = Message(sender_id=sender_id, kind=Message.Kind.IMAGE, text=text, digest=digest)
    return _again(before, message, recipient_id, None)


def _again(
    before: Message, message: Message, recipient_id: int, refused: Exception | None
) -> Message:
    """The stored message that the same sending made before; ChatError when it said other things."""
    same = (
        before.kind == message.kind
        and before.text == message.text
        and before.digest == message.digest
        and Conversation.objects.between(message.sender_id, recipient_id)
        .filter(pk=before.conversation_id)
        .exists()
    )
    if not same:
        raise ChatError(
            "invalid", _("This was sent before with other content. Send it anew.")
        ) from refused
    return before


def _check_rate(sender: User, *, with_image: bool) -> None:
    """Counts what is stored, under the sender's lock: exact, and needs no other server."""
    if not ratelimit.is_on():
        return
    since = timezone.now() - MINUTE
    lately = Message.objects.filter(sender=sender, created_at__gt=since, client_id__isnull=False)
    newest = lately.order_by("-created_at").values_list("kind", flat=True)
    kinds = list(newest[: policy.messages_per_minute])
    too_many = len(kinds) >= policy.messages_per_minute or (
        with_image and kinds.count(Message.Kind.IMAGE) >= policy.message_images_per_minute
    )
    if too_many:
        raise ChatError(
            "rate_limited", _("You are sending very fast. Please wait a minute, then try again.")
        )


def _store(message: Message, recipient_id: int) -> Message:
    """Write the message at the conversation's end; the caller holds the transaction."""
    sender_id = message.sender_id
    conversation = _locked(sender_id, recipient_id, make=True)
    message.conversation = conversation
    message.prev = conversation.last_message_id
    message.created_at = timezone.now()
    message.save(force_insert=True)
    Conversation.objects.filter(pk=conversation.pk).update(last_message=message)
    sides = Participation.objects.filter(conversation=conversation)
    sides.filter(user=sender_id).update(last_message=message)
    sides.filter(user=recipient_id).update(
        last_message=message,
        unread=F("unread") + 1,
        is_unread=True,
        unread_since=Coalesce("unread_since", message.created_at),
    )
    notifications.stored(message, recipient_id)
    return message


def _locked(one: int, other: int, *, make: bool = False) -> Conversation:
    """The conversation of two people, its row locked; made when it is missing and wanted.

    Raises Conversation.DoesNotExist when it is missing and not wanted.
    """
    rows = Conversation.objects.between(one, other).select_for_update(no_key=True)
    found = rows.first()
    if found is None:
        if not make:
            raise Conversation.DoesNotExist
        Conversation.objects.bulk_create(
            [Conversation(low_id=min(one, other), high_id=max(one, other))], ignore_conflicts=True
        )
        found = rows.get()
        Participation.objects.bulk_create(
            [
                Participation(conversation=found, user_id=one, other_id=other),
                Participation(conversation=found, user_id=other, other_id=one),
            ],
            ignore_conflicts=True,
        )
    return found


# --- Cards of bookings --------------------------------------------------------------------------

CARDS = {BookingEvent.Kind.MADE, BookingEvent.Kind.MOVED, BookingEvent.Kind.CANCELLED}


def post_card(event: BookingEvent) -> None:
    """Show what happened to a booking in the conversation of its two people."""
    if event.kind not in CARDS:
        return
    booking = event.booking
    sender, recipient = booking.student, booking.ta
    if event.actor_id != sender.pk:
        # What staff or the clock did is told in the TA's name, to the student.
        sender, recipient = recipient, sender
    made = event.kind == BookingEvent.Kind.MADE
    text = booking.question if made else event.detail
    card = Message(sender=sender, kind=Message.Kind.BOOKING, text=text, event=event)
    _store(card, recipient.pk)


# --- Reading ------------------------------------------------------------------------------------


def mark_read(reader_id: int, other_id: int, last_id: int) -> None:
    """Note that the reader has seen the conversation up to this message. Never goes back.

    Does nothing where there is no conversation.
    """
    with transaction.atomic():
        try:
            conversation = _locked(reader_id, other_id)
        except Conversation.DoesNotExist:
            return
        side = Participation.objects.get(conversation=conversation, user=reader_id)
        upto = min(last_id, conversation.last_message_id or 0)
        if upto <= side.last_read_id:
            return
        _set_read(side, upto)
        notifications.read(reader_id, other_id, upto)


def _set_read(side: Participation, upto: int) -> None:
    side.last_read_id, side.read_at = upto, timezone.now()
    left = Message.objects.filter(
        conversation=side.conversation_id, pk__gt=upto, sender=side.other_id
    )
    side.unread = left.count() if upto < (side.last_message_id or 0) else 0
    side.is_unread = side.unread > 0
    first = left.order_by("pk").values_list("created_at", flat=True).first()
    side.unread_since = first if side.is_unread else None
    side.save(update_fields=["last_read_id", "read_at", "unread", "is_unread", "unread_since"])


def tell_unread(side: Participation) -> None:
    """Have an email tell of what waits in this conversation; of several workers one does."""
    with transaction.atomic():
        as_seen = Participation.objects.filter(
            pk=side.pk, is_unread=True, told_id=side.told_id, last_read_id=side.last_read_id
        )
        if as_seen.update(told_id=F("last_message_id")):
            notifications.unread(side.pk)


# --- Reports ------------------------------------------------------------------------------------


def report(message: Message, reporter: User, reason: str) -> Report:
    """Report a message of the other person to the staff; a copy is kept. Twice is once."""
    if message.sender_id == reporter.pk:
        raise ChatError("not_allowed", _("You can't report your own message."))
    with transaction.atomic():
        _locked(message.sender_id, reporter.pk)
        found = Report.objects.filter(message=message, reporter=reporter).first()
        if found is not None:
            return found
        made = Report(
            message=message,
            reporter=reporter,
            reported_id=message.sender_id,
            reason=reason,
            text=message.words,
        )
        if message.image:
            with message.image.open() as picture:
                made.image.save("", picture, save=False)
        made.save()
    return made
