"""What the demo's people were told: the bell of each has a few that are new."""

from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import Notice

NEW = 3  # of each person


def read_older(began: datetime) -> None:
    """All but the newest of what was told since then are read."""
    told = Notice.objects.unread().filter(created_at__gte=began)
    newest = told.filter(user=OuterRef("user")).newest_first().values("pk")[:NEW]
    kept = told.filter(pk__in=Subquery(newest)).values_list("pk", flat=True)
    told.exclude(pk__in=list(kept)).update(read_at=timezone.now())
