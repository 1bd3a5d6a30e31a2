"""The part of topics in the sweep."""

from datetime import timedelta

from django.utils import timezone

from setahub.core.work.tasks import every_minute
from topics.models import Roster

LOOKED_AT = timedelta(days=1)


@every_minute
def forget_rosters() -> None:
    """A list that nobody started holds people who are not here."""
    Roster.objects.filter(
        state=Roster.State.READ, uploaded_at__lte=timezone.now() - LOOKED_AT
    ).delete()
