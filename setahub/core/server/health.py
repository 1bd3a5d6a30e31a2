"""Whether every part that the site needs answers, told within a bounded time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from tempfile import TemporaryFile

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.db import DatabaseError, connection

from setahub.core.live import events
from setahub.core.outage import trouble

LIMIT = 2.0  # seconds for all parts, which are asked at once


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # it is this thread's own


def _writing() -> None:
    """A write that changes nothing, and is committed, since a full disk shows only then."""
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 500")
                cursor.execute("PRAGMA user_version = 1")
            else:
                cursor.execute(
                    "UPDATE django_migrations SET applied = applied"
                    " WHERE id = (SELECT min(id) FROM django_migrations)"
                )
    except DatabaseError as error:
        if trouble(error) != "busy":  # somebody else is writing
            raise
    finally:
        connection.close()


def _media() -> None:
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        file.write(b"x" * 4096)


def _temporary_files() -> None:
    """Where what is sent waits until it is complete."""
    with TemporaryFile() as file:
        file.write(b"x" * 4096)


def _static_manifest() -> None:
    staticfiles_storage.url("css/site.css")


def _cache() -> None:
    # Our Redis cache hides outages from everybody else; here the truth is wanted.
    ping = getattr(cache, "ping", None)
    if ping is not None:
        ping()


PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "writing": _writing,
    "cache": _cache,
    "channel layer": events.ping,
    "media": _media,
    "temporary files": _temporary_files,
    "static manifest": _static_manifest,
}


def failed_parts() -> list[str]:
    """The names of the parts that failed or gave no answer within LIMIT.

    Each is asked in a thread of its own, which ends by the part's own timeouts.
    """
    threads = ThreadPoolExecutor(len(PARTS), thread_name_prefix="readiness")
    asked = {name: threads.submit(check) for name, check in PARTS.items()}
    threads.shutdown(wait=False)
    wait(asked.values(), timeout=LIMIT)
    return [name for name, each in asked.items() if not each.done() or each.exception()]
