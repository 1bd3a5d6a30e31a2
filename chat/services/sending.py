"""Sending messages."""

import uuid
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat import notifications, pictures
from chat.errors import ChatError
from chat.models import Conversation, Message
from chat.pictures import Picture
from chat.queries.conversations import sent_since
from chat.services.rows import store
from chat.services.writing import check_may_write, check_text
from setahub.core.storage import CANNOT_STORE, StorageAway, atomic_with_pictures
from setahub.core.text import is_blank
from setahub.core.web import ratelimit
from setahub.policy.current import policy

MINUTE = timedelta(minutes=1)


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
    message = _unsaved(sender_id, client_id, text, picture.digest if picture else "")
    try:
        with atomic_with_pictures():
            return _send(message, recipient_id, picture)
    except StorageAway as error:
        raise ChatError("unavailable", CANNOT_STORE, field="image") from error
    except (ChatError, IntegrityError):
        # Looked for only now: hardly any message is sent twice.
        if before := _sent_before(message, recipient_id):
            return before
        raise


def send_upload(
    sender_id: int,
    recipient_id: int,
    *,
    client_id: uuid.UUID | None,
    text: str,
    image: UploadedFile | None,
) -> Message:
    """Like ``send``, with the picture as it was uploaded, if there is one."""
    if not image:
        return send(sender_id, recipient_id, client_id, text)
    # Decoding costs: what can't be stored, or is already, is answered without.
    message = _unsaved(sender_id, client_id, text, pictures.digest_of(image))
    if client_id and (before := _sent_before(message, recipient_id)):
        return before
    check_may_write(sender_id, recipient_id)
    return send(sender_id, recipient_id, client_id, text, pictures.read(image, sender_id))


def _unsaved(sender_id: int, client_id: uuid.UUID | None, text: str, digest: str) -> Message:
    """The message as it is asked for, of a picture where there is a digest of one."""
    return Message(
        sender_id=sender_id,
        client_id=client_id or uuid.uuid4(),  # cards alone have none, and count towards no limit
        text="" if is_blank(text) else text,  # a caption in which nothing can be seen
        kind=Message.Kind.IMAGE if digest else Message.Kind.TEXT,
        digest=digest,
    )


def _send(message: Message, recipient_id: int, picture: Picture | None) -> Message:
    sender: Any = check_may_write(message.sender_id, recipient_id, lock=True)
    message.sender = sender  # what open pages are sent names them
    _check_rate(sender, with_image=picture is not None)
    if picture is not None:
        message.width, message.height = picture.full.width, picture.full.height
        message.image.save("", picture.full, save=False)
        message.thumb.save("", picture.thumb, save=False)
    stored = store(message, recipient_id, sender.recipient_reads)
    if sender.recipient_has_device:
        notifications.push_unless_read(stored)
    return stored


def _sent_before(message: Message, recipient_id: int) -> Message | None:
    """The message that the same ``client_id`` made before, or None.

    Raises ChatError when it said other things then.
    """
    before = Message.objects.filter(sender=message.sender_id, client_id=message.client_id).first()
    if before is None or not before.sender.is_active:
        return None
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
            "invalid",
            _("This was sent before with different content. Send it again as a new message."),
        )
    return before


def _check_rate(sender: User, *, with_image: bool) -> None:
    """Counts what is stored, under the sender's lock: exact, and needs no other server."""
    if not ratelimit.is_on():
        return
    since = timezone.now() - MINUTE
    kinds = sent_since(sender.pk, since)[: policy.messages_per_minute]
    too_many = len(kinds) >= policy.messages_per_minute or (
        with_image and kinds.count(Message.Kind.IMAGE) >= policy.message_images_per_minute
    )
    if too_many:
        raise ChatError(
            "rate_limited", _("You are sending too fast. Please wait a minute, then try again.")
        )
