"""The rules of who may write to whom, and what."""

import re

from django.utils.translation import gettext as _

from accounts.models import User
from chat.errors import ChatError
from chat.models import TEXT_MAX
from chat.queries.reach import sender_to
from setahub.core.text import is_blank

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # NUL, and halves of characters


def check_may_write(sender_id: int, recipient_id: int, *, lock: bool = False) -> User:
    """Raises ChatError unless the one may write to the other now, by id; gives the sender.

    A student may write first to anyone who is a TA, a TA to anyone who has or had a booking with
    them, and both may answer. A block of either stops both. One query; ``lock`` holds the sender's
    row from then on. The sender comes with what ``sender_to`` tells of the two.
    """
    if recipient_id == sender_id:
        raise ChatError("invalid", _("You can't write to yourself."))
    sender = sender_to(sender_id, recipient_id, lock=lock).first()
    if sender is None or not sender.reaches:
        raise ChatError("not_allowed", _("You can't write to this person."))
    if sender.blocked:
        raise ChatError("blocked", _("No messages can be sent between you two."))
    if not sender.acquainted:
        raise ChatError(
            "not_allowed",
            _("You can write to TAs, to students who booked you, and to people who wrote to you."),
        )
    return sender


def check_text(text: str, *, needed: bool) -> None:
    """Raises ChatError when the text can't be a message, or is empty though it is needed."""
    if len(text) > TEXT_MAX:
        raise ChatError(
            "too_long", _("A message has at most %(most)d characters.") % {"most": TEXT_MAX}
        )
    if _UNSTORABLE.search(text):
        raise ChatError("invalid", _("This text has characters that can't be stored."))
    if needed and is_blank(text):
        raise ChatError("invalid", _("Write something first."))
