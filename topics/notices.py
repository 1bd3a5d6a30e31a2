"""The kind of notice about teaching."""

from django.db.models import QuerySet

from accounts.models import MailKind
from accounts.services.kinds import Kind, each, register
from topics import emails
from topics.models import Decision


def decisions() -> "QuerySet[Decision]":
    return Decision.objects.select_related("user", "topic")


register(
    Kind(
        "registration_decided",
        MailKind.TEACHING,
        each("decision", decisions),
        lambda decision, _reader: emails.decided(decision),
    )
)
