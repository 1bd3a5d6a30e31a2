"""Who is online: seen on a socket within the last minute.

Kept in a cache that the worker reads too, and lost with it; a cache that fails knows nobody.
"""

from contextlib import suppress

from django.core.cache import caches

ONLINE_FOR = 60  # seconds


def touch(user_id: int) -> bool:
    """Note that the user is online; True when they weren't before."""
    came = not is_online(user_id)
    with suppress(OSError):  # files, where there is no Redis
        caches["shared"].set(_key(user_id), True, ONLINE_FOR)
    return came


def is_online(user_id: int) -> bool:
    try:
        return bool(caches["shared"].get(_key(user_id)))
    except OSError:
        return False


def _key(user_id: int) -> str:
    return f"online.{user_id}"
