"""Who is told by email of what happens to topics. Services call this inside their transaction."""

from setahub.core.work.tasks import later
from topics import tasks
from topics.models import Decision


def decided(decision: Decision) -> None:
    """Staff have decided on a registration."""
    later(tasks.tell_decision, decision.pk)
