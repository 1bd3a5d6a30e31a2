"""The accounts' part of the sweep: what nobody needs any more, and secrets under an old key."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import SentForm
from accounts.models.mail import EmailChange, WaitingLetter
from accounts.services import mfa
from setahub.core.work.tasks import every_minute

LETTERS_KEPT = timedelta(days=7)
CHANGES_KEPT = timedelta(days=30)
KEPT = timedelta(days=30)  # as long as a session may last


@every_minute
def forget_sent_forms() -> None:
    SentForm.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


@every_minute
def forget_letters() -> None:
    """Letters that were never sent, and changes of an email that nobody can take back."""
    now = timezone.now()
    WaitingLetter.objects.filter(created_at__lt=now - LETTERS_KEPT).delete()
    settled = EmailChange.objects.filter(asked_at__lt=now - CHANGES_KEPT)
    settled.exclude(done_at__gte=now - CHANGES_KEPT).delete()


_renewed: set[str] = set()  # keys that this process has renewed all seals with


@every_minute
def renew_seals() -> None:
    """Once after SECRET_KEY was replaced; a worker that starts with the new one does it."""
    if settings.SECRET_KEY_FALLBACKS and settings.SECRET_KEY not in _renewed:
        mfa.renew_seals()
        _renewed.add(settings.SECRET_KEY)
