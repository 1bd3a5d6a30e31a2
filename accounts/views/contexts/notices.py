"""The pages of what somebody was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import MailKind, Notice, User
from accounts.queries.notices import latest
from accounts.services.kinds import headlines, kind_of

GLYPHS = {
    MailKind.BOOKINGS: "calendar",
    MailKind.WAITING: "hand",
    MailKind.REMINDERS: "alarm-clock",
    MailKind.MESSAGES: "message-circle",
    MailKind.TEACHING: "hand-heart",
    None: "shield",
}


@dataclass(frozen=True)
class Line:
    """A notice in the list. ``url`` is "" where what it is about is gone."""

    pk: int
    glyph: str
    title: str
    url: str
    at: datetime
    is_read: bool


@dataclass(frozen=True)
class NoticesPage:
    lines: Sequence[Line]

    @classmethod
    def of(cls, user: User) -> "NoticesPage":
        return cls(lines_of(latest(user.pk), user))


def lines_of(notices: Sequence[Notice], reader: User) -> list[Line]:
    """Notices in words, in their order."""
    found = headlines(notices, reader)
    return [
        Line(
            notice.pk,
            _glyph(notice),
            found[notice.pk].title,
            found[notice.pk].url,
            notice.created_at,
            notice.is_read,
        )
        for notice in notices
    ]


def _glyph(notice: Notice) -> str:
    kind = kind_of(notice)
    return GLYPHS[kind.choice] if kind else "bell"
