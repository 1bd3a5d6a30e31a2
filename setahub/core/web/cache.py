"""Django's Redis cache, made so that a Redis that is away slows and breaks nothing.

While Redis is away every use is a miss, so limits let everybody through. After a failure no use
tries Redis again for PAUSE seconds: a request with many uses of the cache waits for one timeout.
What must not be let through asks within ``must_answer()``, and is told.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from setahub.core.web.resilience import CircuitBreaker

T = TypeVar("T")

TIMEOUT = 0.3  # seconds, for connecting and for each answer
PAUSE = 5.0  # seconds without an attempt after a failure

_AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.InvalidResponse,
    OSError,
    # Redis answers but takes no writes: failed over, or out of memory.
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.ClusterDownError,
)


_no_fallback: ContextVar[bool] = ContextVar("no_fallback", default=False)


class CacheAway(Exception):
    """The cache did not answer, and the caller can't do without."""


@contextmanager
def must_answer() -> Iterator[None]:
    """Within, a use of a cache that is away raises CacheAway rather than being a miss."""
    before = _no_fallback.set(True)
    try:
        yield
    finally:
        _no_fallback.reset(before)


def _is_away(error: Exception) -> bool:
    """Whether the error says that Redis can't serve, rather than that our command was wrong."""
    # MISCONF has no class of its own: Redis can't save to its disk and takes no writes.
    return isinstance(error, _AWAY) or (
        isinstance(error, exceptions.ResponseError) and "MISCONF" in str(error)
    )


def _without(fallback: T) -> T:
    if _no_fallback.get():
        raise CacheAway
    return fallback


class FailOpenClient(RedisCacheClient):
    """What talks to Redis, with an answer of its own for each use while Redis is away."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(
            servers,
            **{
                "socket_connect_timeout": TIMEOUT,
                "socket_timeout": TIMEOUT,
                # redis-py's own default would try again several times, waiting in between.
                "retry": Retry(NoBackoff(), 0),
                **options,
            },
        )
        self._breaker = CircuitBreaker("Redis cache", PAUSE)
        self._clients: dict[bool, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """One for all threads: making one costs more than what it is used for."""
        if write not in self._clients:
            self._clients[write] = super().get_client(key, write=write)
        return self._clients[write]

    def ping(self) -> None:
        try:
            self.get_client(write=True).ping()
        except Exception as error:
            if _is_away(error):
                self._breaker.failed(error)
            raise
        self._breaker.worked()

    def _or_else(self, fallback: T, use: Callable[..., T], *args: Any) -> T:
        """What ``use`` gives, or ``fallback`` while Redis is away."""
        if not self._breaker.allows():
            return _without(fallback)
        try:
            answer = use(*args)
        except Exception as error:
            if not _is_away(error):
                raise
            self._breaker.failed(error)
            return _without(fallback)
        self._breaker.worked()
        return answer

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        # allauth takes True for a lock; with False it would wait, then refuse as one too many.
        return self._or_else(True, super().add, key, value, timeout)

    def get(self, key: Any, default: Any) -> Any:
        return self._or_else(default, super().get, key, default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._or_else(None, super().set, key, value, timeout)

    def touch(self, key: Any, timeout: Any) -> bool:
        return self._or_else(False, super().touch, key, timeout)

    def delete(self, key: Any) -> bool:
        return self._or_else(False, super().delete, key)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        return self._or_else({}, super().get_many, keys)

    def has_key(self, key: Any) -> bool:
        return self._or_else(False, super().has_key, key)

    def incr(self, key: Any, delta: int) -> int:
        # As though counting began now: no limit is reached, and a caller that has just added the
        # key needs no care for the error that a missing one means.
        return self._or_else(delta, super().incr, key, delta)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        self._or_else(None, super().set_many, data, timeout)

    def delete_many(self, keys: Iterable[Any]) -> None:
        self._or_else(None, super().delete_many, keys)

    def clear(self) -> bool:
        return self._or_else(False, super().clear)

    def newest(self, key: str, member: str, most: int, seconds: int) -> list[str]:
        return self._or_else([], self._newest, key, member, most, seconds)

    def _newest(self, key: str, member: str, most: int, seconds: int) -> list[str]:
        client, now = self.get_client(key, write=True), time.time()
        with client.pipeline(transaction=False) as pipeline:
            pipeline.zadd(key, {member: now})
            pipeline.zremrangebyscore(key, "-inf", now - seconds)
            pipeline.zrange(key, 0, -1)
            pipeline.expire(key, seconds)
            members = sorted(each.decode() for each in pipeline.execute()[2])
        beyond = members[:-most]
        if beyond:
            client.zrem(key, *beyond)
        return beyond

    def drop(self, key: str, member: str) -> None:
        self._or_else(None, lambda: self.get_client(key, write=True).zrem(key, member))


# Django makes a cache object for each thread, and under ASGI for each request. The breaker must
# outlive them, and connections should: cache objects of one configuration share their client.
_clients: dict[str, FailOpenClient] = {}
_clients_lock = threading.Lock()


class FailOpenRedisCache(RedisCache):
    """The cache backend to name in settings; OPTIONS are those of Django's own.

    While Redis is away ``get`` gives the default, ``add`` True, ``incr`` and ``decr`` the change as
    though counting began now, the rest nothing, False or an empty answer. Wrong use (``incr`` of a
    missing key, a value that can't be pickled) is an error as ever.
    """

    _servers: list[str]
    _options: dict[str, Any]

    @cached_property
    def _cache(self) -> FailOpenClient:
        key = repr((self._servers, sorted(self._options.items(), key=str)))
        with _clients_lock:
            if key not in _clients:
                _clients[key] = FailOpenClient(self._servers, **self._options)
            return _clients[key]

    def ping(self) -> None:
        """Ask Redis itself, whatever was noted about it before; for readiness checks.

        Takes at most about twice TIMEOUT. Raises redis.exceptions.RedisError or OSError when Redis
        is away.
        """
        self._cache.ping()

    async def aincr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        # Django's would read, raise on a miss and write: neither atomic nor open to failure.
        return await sync_to_async(self.incr)(key, delta, version)

    def newest(self, key: str, member: str, *, most: int, seconds: int) -> list[str]:
        """Note a member (again); the oldest in order of their names where there are too many.

        Those are no longer members then, nor is who was not noted for so many seconds.
        """
        return self._cache.newest(self.make_and_validate_key(key), member, most, seconds)

    def drop(self, key: str, member: str) -> None:
        """Take a member out of those that ``newest`` knows."""
        self._cache.drop(self.make_and_validate_key(key), member)
