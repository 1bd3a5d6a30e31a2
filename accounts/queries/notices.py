"""What somebody was told."""

from collections.abc import Sequence

from accounts.models import Notice

SHOWN = 100  # notices in the list


def latest(user_id: int) -> Sequence[Notice]:
    """Somebody's last notices, newest first."""
    return list(Notice.objects.of(user_id).newest_first()[:SHOWN])


def unread_number(user_id: int) -> int:
    """How many of them they haven't read."""
    return Notice.objects.of(user_id).unread().count()
