"""Emails about an account itself, in the words of ``letters``. Only tasks send them.

Where no row holds what to write, ``queue`` keeps it, sealed, until it is sent.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts import letters
from accounts.models import User
from accounts.models.mail import WaitingLetter
from accounts.queries.emails import change_of_email
from accounts.services.languages import reading_in
from accounts.services.notices import Happening, notify
from accounts.tokens import email_change_token
from setahub.core import mail, seals
from setahub.core.work.tasks import GiveUp, later, task

# The kinds of notices.
SECURITY = "security"
CHANGE = "email_change"
CHANGES = {"asked": "account/email/email_change_asked", "done": "account/email/email_changed"}
PURPOSE = "accounts.letters"  # never changes: what waits is sealed with it


def send(
    template: str, address: str, facts: Mapping[str, Any], *, language: str, key: str = ""
) -> None:
    """Write the email of this template and send it. Raises OSError when a later try may succeed.

    ``language``: the reader's, "" where they have none yet.
    """
    with reading_in(language):
        email = letters.written(template, {"email": address, **facts})
        mail.send(email, address=address, key=key)


def send_to(user: User, template: str, facts: Mapping[str, Any], *, key: str = "") -> None:
    """The same to somebody's address in use."""
    send(template, user.email.lower(), facts, language=user.language, key=key)


def queue(
    template: str,
    address: str,
    facts: Mapping[str, str],
    *,
    language: str,
    user: User | None,
) -> None:
    """Have a worker send it, with the present moment in it, and tell its person by a notice.

    ``user``: whose account it is about; None when that is gone. Within the transaction of what it
    reports.
    """
    content = {
        "template": template,
        "address": address,
        "facts": dict(facts),
        "language": language,
        "at": timezone.now().isoformat(),
    }
    sealed = seals.seal(json.dumps(content), PURPOSE)
    waiting = WaitingLetter.objects.create(user=user, content=sealed)
    if user is None:
        later(send_waiting, waiting.pk)
    else:
        data = {"letter": waiting.pk, "template": template}
        notify(Happening(SECURITY, user.pk, f"account-{waiting.pk}", data))


@task
def send_waiting(letter_id: int) -> None:
    """Send what ``queue`` kept for somebody whose account is gone."""
    send_letter(letter_id)


def send_letter(letter_id: int) -> None:
    """Send what ``queue`` kept."""
    waiting = WaitingLetter.objects.filter(pk=letter_id).first()
    if waiting is None:
        return  # sent already, or its account is gone
    try:
        content = json.loads(seals.unseal(waiting.content, PURPOSE))
        facts = {**content["facts"], "timestamp": datetime.fromisoformat(content["at"])}
        send(
            content["template"],
            content["address"],
            facts,
            language=content.get("language", ""),  # queued before there were languages
            key=f"account-{letter_id}",
        )
    except seals.Unreadable as error:
        waiting.delete()
        raise GiveUp("The key that it was sealed with is gone.") from error
    except GiveUp:
        waiting.delete()
        raise
    waiting.delete()


def send_change(change_id: int, when: str) -> None:
    """Tell the old address that another is to take its place ("asked") or has done so ("done").

    With a link to undo it where the old one was proven. Otherwise a stranger may read this: it
    then says neither whose account it is nor what the new address is.
    """
    change = change_of_email(change_id)
    if change is None or change.undone_at:
        return
    facts = {"email_url": mail.absolute(reverse("account_email"))}
    if change.old_was_proven:
        path = reverse("undo_email_change", args=[email_change_token(change.pk)])
        facts["undo_url"] = mail.absolute(path)
        facts |= {"from_email": change.old_email, "to_email": change.new_email}
        facts["name"] = change.user.username
    key = f"email-change-{change.pk}-{when}"
    send(CHANGES[when], change.old_email, facts, language=change.user.language, key=key)
