"""The part of topics in the sweep."""

from datetime import timedelta

from django.utils import timezone

from setahub.core.work.tasks import every_minute
from setahub.core.work.worker import KEEP_FAILED
from topics.models import Roster

LOOKED_AT = timedelta(days=1)


@every_minute
def forget_rosters() -> None:
    """A list that nobody started holds people who are not here; so does one that failed for good, which
    goes on no more once its task is gone."""
    now = timezone.now()
    Roster.objects.filter(state=Roster.State.READ, uploaded_at__lte=now - LOOKED_AT).delete()
    Roster.objects.filter(
        state=Roster.State.RUNNING, uploaded_at__lte=now - KEEP_FAILED - LOOKED_AT
    ).delete()
