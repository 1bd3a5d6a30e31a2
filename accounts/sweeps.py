"""The accounts' part of the sweep: keys of forms that nobody sends again."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import SentForm
from setahub.lib.tasks import every_minute

KEPT = timedelta(days=30)  # as long as a session may last


@every_minute
def forget_sent_forms() -> None:
    SentForm.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
