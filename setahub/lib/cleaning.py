"""What the sweep throws away: sessions that have ended, tasks long done."""

from importlib import import_module

from django.conf import settings

from setahub.lib import worker
from setahub.lib.tasks import every_minute


@every_minute
def clear_sessions() -> None:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@every_minute
def clear_tasks() -> None:
    worker.prune()
