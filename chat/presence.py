"""Who is online: seen on a socket within the last minute.

Kept in a cache that the worker reads too, and lost with it; a cache that fails knows nobody.
"""

import time
from contextlib import suppress

from django.core.cache import caches
from django.utils.crypto import get_random_string

from setahub.core.web.cache import FailOpenRedisCache

ONLINE_FOR = 60  # seconds
OPEN_FOR = 180  # seconds without a ping after which a socket counts no longer; hidden tabs are slow


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


# --- Sockets of one person in all processes. Without Redis there is but one process. ----------------


def socket_name() -> str:
    """A name for a socket that opens now; names are in the order of time."""
    return f"{time.time():017.6f}-{get_random_string(8)}"


def opened(user_id: int, socket: str, most: int) -> list[str]:
    """Note that a socket is open; the names of those that are too many, oldest first."""
    cache = caches["shared"]
    if not isinstance(cache, FailOpenRedisCache):
        return []
    return cache.newest(f"sockets.{user_id}", socket, most=most, seconds=OPEN_FOR)


def closed(user_id: int, socket: str) -> None:
    cache = caches["shared"]
    if isinstance(cache, FailOpenRedisCache):
        cache.drop(f"sockets.{user_id}", socket)
