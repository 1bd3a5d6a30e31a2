"""Every minute: delete what nobody needs any more, and renew secrets under an old key."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import Notice, PushDelivery, SentForm
from accounts.models.mail import EmailChange, WaitingLetter
from accounts.services import mfa, push
from setahub.core.work.tasks import every_minute

EMAILS_KEPT = timedelta(days=7)
EMAIL_CHANGES_KEPT = timedelta(days=30)
NOTICES_KEPT = timedelta(days=180)
SENT_FORMS_KEPT = timedelta(days=30)  # as long as a session may last


@every_minute
def forget_sent_forms() -> None:
    SentForm.objects.filter(created_at__lt=timezone.now() - SENT_FORMS_KEPT).delete()


@every_minute
def forget_emails() -> None:
    """Emails that were never sent, and changes of an email that can no longer be undone."""
    now = timezone.now()
    WaitingLetter.objects.filter(created_at__lt=now - EMAILS_KEPT).delete()
    settled = EmailChange.objects.filter(asked_at__lt=now - EMAIL_CHANGES_KEPT)
    settled.exclude(done_at__gte=now - EMAIL_CHANGES_KEPT).delete()


@every_minute
def forget_notices() -> None:
    Notice.objects.older_than(timezone.now() - NOTICES_KEPT).delete()


@every_minute
def forget_pushes() -> None:
    """What was sent or given up, and devices that can't be sent to any more."""
    PushDelivery.objects.old(timezone.now()).delete()
    push.forget_stale()


_renewed: set[str] = set()  # keys for which this process has renewed all seals


@every_minute
def renew_seals() -> None:
    """Once after SECRET_KEY was replaced; a worker that starts with the new one does it."""
    if settings.SECRET_KEY_FALLBACKS and settings.SECRET_KEY not in _renewed:
        mfa.renew_seals()
        _renewed.add(settings.SECRET_KEY)
