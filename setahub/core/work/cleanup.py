"""What the sweep throws away: sessions that have ended, tasks long done."""

from importlib import import_module

from django.conf import settings

from setahub.core.work import worker
from setahub.core.work.tasks import every_minute


@every_minute
def clear_sessions() -> None:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@every_minute
def clear_tasks() -> None:
    worker.prune()
