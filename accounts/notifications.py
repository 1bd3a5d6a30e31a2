"""Emails to a person, where they want them."""

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import MailKind, User
from accounts.tokens import unsubscribe_token
from setahub.core import mail


def write_to(
    user: User,
    kind: MailKind,
    email: mail.Email,
    *,
    key: str,
    attachments: Sequence[mail.Attachment] = (),
) -> bool:
    """Send the email, with a way to get no more of its kind. Returns whether it was wanted.

    For tasks only. ``key`` names this email among all (``setahub.core.mail.send``).
    """
    if not user.wants_mail(kind):
        return False
    mail.send(
        email,
        name=user.username,
        address=user.email,
        key=f"{key}-{user.pk}",
        unsubscribe=reverse("unsubscribe", args=[unsubscribe_token(user, kind)]),
        attachments=attachments,
    )
    return True
