"""The kinds of notices about an account: what is told about security always comes by email.

Such an email may say where it came from, to an address that is no longer in use; the bell only says what
happened, and leads to where one sees to it.
"""

from collections.abc import Mapping, Sequence

from django.urls import reverse

from accounts import emails, letters
from accounts.models import Notice, User
from accounts.services.kinds import Kind, register
from setahub.core.mail import Email

PLACES = {
    "mfa": "mfa_index",
    "account/email/email": "account_email",
}  # by the beginning of a template


def templates(notices: Sequence[Notice]) -> Mapping[int, str]:
    """By which template each was told, where this release still knows it."""
    told = {notice.pk: notice.data["template"] for notice in notices}
    return {pk: template for pk, template in told.items() if template in letters.SUBJECTS}


def words(template: str, reader: User) -> Email:
    where = (page for start, page in PLACES.items() if template.startswith(start))
    subject = str(letters.SUBJECTS[template])
    return Email(subject=subject, lead=[], action=("", reverse(next(where, "accounts:me"))))


def send_letter(notice: Notice) -> None:
    emails.send_letter(notice.data["letter"])


def send_change(notice: Notice) -> None:
    emails.send_change(notice.data["change"], notice.data["when"])


register(
    Kind(emails.SECURITY, None, templates, words, send=send_letter),
    Kind(emails.CHANGE, None, templates, words, send=send_change),
)
