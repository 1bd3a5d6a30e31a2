"""Who is online: seen on a socket within the last minute. Kept in the cache, and lost with it."""

from django.core.cache import cache

ONLINE_FOR = 60  # seconds


def touch(user_id: int) -> bool:
    """Note that the user is online; True when they weren't before."""
    came = not is_online(user_id)
    cache.set(_key(user_id), True, ONLINE_FOR)
    return came


def is_online(user_id: int) -> bool:
    return bool(cache.get(_key(user_id)))


def _key(user_id: int) -> str:
    return f"online.{user_id}"
