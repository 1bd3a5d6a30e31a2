"""Emails of our own: what one says, written as text and as a plain HTML twin, and sent.

Only tasks send (``setahub.core.work.tasks``): a mail server may be slow or away.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.header import Header
from email.policy import Compat32
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from setahub.core.work.tasks import GiveUp

LINE = 76  # of a header with encoded words (RFC 2047, section 2)


@dataclass(frozen=True)
class Email:
    """What an email says, in words for its reader.

    ``facts`` and ``quotes`` are pairs of a label and a text; a quote may have several lines.
    ``action`` is what the reader may do next: words, and a path of the site, or its whole address.
    ``choices`` are several of the kind, under ``offer``. What is to be read last is in ``after``.
    """

    subject: str
    lead: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    quotes: Sequence[tuple[str, str]] = ()
    action: tuple[str, str] | None = None
    offer: str = ""
    choices: Sequence[tuple[str, str]] = ()
    after: Sequence[str] = ()


@dataclass(frozen=True)
class Attachment:
    filename: str
    content: str
    mimetype: str


class Message(EmailMultiAlternatives):
    """An email whose headers begin right after their colon, however long they are.

    A value that is folded away from its name, as Python does with long ones, is undone by some
    relays, and the DKIM signature over it breaks (RFC 5322, section 2.2.3 allows both).
    """

    def message(self, *args: Any, **options: Any) -> Any:
        made: Any = super().message(*args, **options)
        if isinstance(made.policy, Compat32) and not self.subject.isascii():
            # Its first line then leaves room for the name.
            made.replace_header(
                "Subject", Header(str(self.subject), "utf-8", header_name="Subject")
            )
        made.policy = _beginning_at_the_name(made.policy)
        return made


def _beginning_at_the_name(policy: Any) -> Any:
    """The same policy, but never an empty first line."""

    class Beginning(type(policy)):  # type: ignore[misc]
        def fold(self, name: str, value: Any) -> str:
            return re.sub(r"\A([^\s:]+:)[ \t]*\r?\n[ \t]+", r"\1 ", super().fold(name, value))

        def fold_binary(self, name: str, value: Any) -> bytes:
            folded = super().fold_binary(name, value)
            return re.sub(rb"\A([^\s:]+:)[ \t]*\r?\n[ \t]+", rb"\1 ", folded)

    made: Any = Beginning()
    made.__dict__.update(vars(policy), max_line_length=LINE)
    return made


def absolute(path: str) -> str:
    """A path of the site as an address that works in an email."""
    return urljoin(settings.SITE_URL, path)


def send(
    email: Email,
    *,
    address: str,
    name: str = "",
    key: str = "",
    unsubscribe: str = "",
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send an email to one person. Raises OSError when that fails and may work later.

    ``key`` names the email among all that are ever sent: should it go out twice after a crash,
    mailboxes see that it is the same. ``unsubscribe`` is the path of its one-click page. Raises
    GiveUp when there is no such mailbox.
    """
    stop = absolute(unsubscribe) if unsubscribe else ""
    choices = [(words, absolute(path)) for words, path in email.choices]
    action = email.action and (email.action[0], absolute(email.action[1]))
    context = {
        "email": replace(email, choices=choices, action=action),
        "name": name,
        "site": settings.SITE_URL,
        "unsubscribe": stop,
    }
    message = Message(
        subject=" ".join(email.subject.split()),
        body=render_to_string("email/message.txt", context),
        to=[address],
        headers=_headers(key, stop),
    )
    message.attach_alternative(render_to_string("email/message.html", context), "text/html")
    for each in attachments:
        message.attach(each.filename, each.content, each.mimetype)
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _answer in error.recipients.values()]
        if all(code >= 500 for code in codes):
            # Without the address, which the error names: what failed is shown to staff.
            raise GiveUp(f"The mailbox was refused: {codes}") from None
        raise


def _headers(key: str, unsubscribe: str) -> dict[str, str]:
    """Source: RFC 3834 (Auto-Submitted), RFC 8058 (one-click unsubscribing)."""
    headers = {"Auto-Submitted": "auto-generated"}
    if key:
        headers["Message-ID"] = f"<{key}@{urlsplit(settings.SITE_URL).hostname}>"
    if unsubscribe:
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
