"""Emails about an account itself, in the words of ``letters``. Only tasks send them.

Where no row holds what to write, ``queue`` keeps it, sealed, until it is sent.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts import letters
from accounts.models import User
from accounts.models.mail import WaitingLetter
from accounts.services.languages import reading_in
from setahub.core import mail, seals
from setahub.core.work.tasks import GiveUp, later, task

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


def queue(
    template: str,
    address: str,
    facts: Mapping[str, str],
    *,
    language: str,
    user: User | None,
) -> None:
    """Have a worker send it, with the present moment in it. ``user``: whom it is written to.

    Within the transaction of what it reports.
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
    later(send_waiting, waiting.pk)


@task
def send_waiting(letter_id: int) -> None:
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
