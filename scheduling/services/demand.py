"""Noting what students look for and don't find, so that staff see which topics lack TAs."""

from datetime import timedelta

from django.core.cache import cache
from django.db import DatabaseError, transaction

from accounts.models import User
from scheduling.models import NothingFree
from setahub.core import clock
from setahub.core.work.tasks import every_minute
from topics.models import Topic

VISITS_KEPT = timedelta(days=120)  # longer than any overview looks back


def note_nothing_free(student: User, topic: Topic) -> None:
    """A student found no free time for a topic: kept once a day. Never fails a page."""
    day = clock.today()
    if not cache.add(f"nothing-free:{topic.pk}:{student.pk}:{day}", 1, 24 * 3600):
        return
    try:
        with transaction.atomic():
            NothingFree.objects.bulk_create(
                [NothingFree(topic=topic, student=student, day=day)], ignore_conflicts=True
            )
    except DatabaseError:
        pass  # a number less in a statistic


@every_minute
def forget_old_visits() -> None:
    """Delete what somebody looked for once it is no longer counted."""
    NothingFree.objects.filter(day__lt=clock.today() - VISITS_KEPT).delete()
