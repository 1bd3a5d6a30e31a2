"""The kinds of notices about messages."""

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from accounts.models import MailKind, Notice, User
from accounts.services.kinds import Kind, Letter, each, register
from chat import emails
from chat.models import Message, Participation, Report
from chat.notifications import WAITING
from setahub.core.mail import Email

Waiting = tuple[Participation, int]  # a side of a conversation, and how many messages wait there


def sides() -> "QuerySet[Participation]":
    return Participation.objects.select_related("user", "other")


def waiting(notices: Sequence[Notice]) -> Mapping[int, Waiting]:
    found = each("side", sides)(notices)
    return {
        notice.pk: (found[notice.pk], notice.data["count"])
        for notice in notices
        if notice.pk in found
    }


def unread(matter: Waiting, reader: User) -> Email:
    return emails.unread(*matter)


def unread_letter(matter: Waiting, reader: User) -> Letter | None:
    """What waits by now, unless it was read since."""
    side = Participation.objects.waiting().filter(pk=matter[0].pk).first()
    if side is None:
        return None
    return Letter(emails.unread(side, Message.objects.unread_by_hand(side).count()))


def reports() -> "QuerySet[Report]":
    return Report.objects.select_related("message")


register(
    # Devices were told of each message (chat.notifications).
    Kind(WAITING, MailKind.MESSAGES, waiting, unread, unread_letter, pushed=False),
    # Nobody can switch off what staff have to say.
    Kind("warning", None, each("report", reports), lambda report, _: emails.warning(report)),
)
