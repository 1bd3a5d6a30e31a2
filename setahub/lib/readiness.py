"""Whether every part that the site needs answers, told within a bounded time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from django.core.cache import cache
from django.db import connection

from setahub.lib import live

LIMIT = 2.0  # seconds for all parts, which are asked at once


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # it is this thread's own


def _cache() -> None:
    # Our Redis cache hides outages from everybody else; here the truth is wanted.
    ping = getattr(cache, "ping", None)
    if ping is not None:
        ping()


PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "cache": _cache,
    "channel layer": live.ping,
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
