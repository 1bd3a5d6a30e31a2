"""Everything that changes conversations: sending, reading, booking cards, reports."""

from chat.services.sending import (
    Picture,
    are_within_reach,
    check_may_write,
    check_text,
    mark_read,
    may_see,
    may_write,
    post_card,
    report,
    send,
    sent_before,
    share_conversation,
    tell_unread,
)

__all__ = [
    "Picture",
    "are_within_reach",
    "check_may_write",
    "check_text",
    "mark_read",
    "may_see",
    "may_write",
    "post_card",
    "report",
    "send",
    "sent_before",
    "share_conversation",
    "tell_unread",
]
