"""The cache while Redis is away: every use is a miss, at once, and nothing breaks."""

import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.core.internal import ratelimit
from asgiref.sync import async_to_sync
from django.http import HttpRequest
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from setahub.core.web import cache as cache_module
from setahub.core.web import ratelimit as our_ratelimit
from setahub.core.web import resilience
from setahub.core.web.cache import PAUSE, FailOpenRedisCache, RedisCacheClient

needs_redis = pytest.mark.skipif(
    shutil.which("redis-server") is None and not os.environ.get("CI"),
    reason="redis-server is not installed",
)


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(resilience, "monotonic", clock)
    return clock


@pytest.fixture(autouse=True)
def _no_client_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_clients", {})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cache_at(port: int) -> FailOpenRedisCache:
    return FailOpenRedisCache(f"redis://127.0.0.1:{port}/0", {})


@pytest.fixture
def closed() -> FailOpenRedisCache:
    """A cache whose server refuses connections."""
    return cache_at(free_port())


@pytest.fixture
def black_hole() -> Iterator[SimpleNamespace]:
    """A cache whose server takes connections and never answers, and how many it took."""
    connections: list[socket.socket] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def swallow() -> None:
            try:
                while True:
                    connections.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=swallow, daemon=True)
        thread.start()
        yield SimpleNamespace(cache=cache_at(server.getsockname()[1]), connections=connections)
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for connection in connections:
        connection.close()


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[None]:
    """A real Redis of our own, ready when the block begins and gone when it ends."""
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "Ready to accept connections" in line:
                break
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)


def use(cache: FailOpenRedisCache, times: int) -> float:
    """Seconds that this many operations take."""
    start = time.perf_counter()
    for turn in range(times):
        cache.set(f"key-{turn}", turn)
    return time.perf_counter() - start


# --- While Redis is away ------------------------------------------------------------------------


@pytest.mark.parametrize("after_a_failure", [False, True])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda cache: cache.get("a"), None),
        (lambda cache: cache.get("a", "default"), "default"),
        (lambda cache: cache.set("a", 1), None),
        (lambda cache: cache.add("a", 1), True),
        (lambda cache: cache.touch("a"), False),
        (lambda cache: cache.delete("a"), False),
        (lambda cache: cache.has_key("a"), False),
        (lambda cache: "a" in cache, False),
        (lambda cache: cache.incr("a"), 1),
        (lambda cache: cache.incr("a", 5), 5),
        (lambda cache: cache.decr("a"), -1),
        (lambda cache: cache.get_many(["a", "b"]), {}),
        (lambda cache: cache.set_many({"a": 1, "b": 2}), []),
        (lambda cache: cache.delete_many(["a", "b"]), None),
        (lambda cache: cache.get_or_set("a", lambda: "made"), "made"),
        (lambda cache: cache.clear(), False),
        (lambda cache: async_to_sync(cache.aget)("a", "default"), "default"),
        (lambda cache: async_to_sync(cache.aadd)("a", 1), True),
        (lambda cache: async_to_sync(cache.aincr)("a"), 1),
    ],
)
def test_every_use_is_a_miss(
    closed: FailOpenRedisCache,
    operation: Callable[[FailOpenRedisCache], object],
    expected: object,
    after_a_failure: bool,
) -> None:
    if after_a_failure:
        closed.get("first")

    assert operation(closed) == expected


def test_twenty_uses_of_a_closed_port_take_no_time(closed: FailOpenRedisCache) -> None:
    assert use(closed, 20) < 0.5


def test_twenty_uses_of_a_silent_server_cost_one_timeout(black_hole: SimpleNamespace) -> None:
    assert use(black_hole.cache, 20) < 1.0
    assert len(black_hole.connections) == 1


def test_an_outage_is_known_to_every_cache_object(black_hole: SimpleNamespace) -> None:
    # Django makes one for each thread, and under ASGI for each request.
    location = black_hole.cache._servers
    for _request in range(5):
        FailOpenRedisCache(location, {}).get("a")

    assert len(black_hole.connections) == 1


def test_it_is_tried_again_only_after_the_pause(
    closed: FailOpenRedisCache, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    refuse = RedisCacheClient.get

    def get(client: RedisCacheClient, key: str, default: object) -> object:
        tried.append(clock.now - 1000)
        return refuse(client, key, default)

    monkeypatch.setattr(RedisCacheClient, "get", get)
    for now in (0.0, 0.1, PAUSE - 0.1, PAUSE, PAUSE + 0.1, 2 * PAUSE - 0.1, 2 * PAUSE):
        clock.now = 1000 + now
        closed.get("a")

    assert tried == [0.0, PAUSE, 2 * PAUSE]


def test_after_the_pause_one_caller_tries_and_the_others_go_on(clock: Clock) -> None:
    broken = resilience.CircuitBreaker("Redis", PAUSE)
    broken.failed(OSError())
    clock.now += PAUSE

    assert [broken.allows() for _caller in range(3)] == [True, False, False]


def test_an_outage_is_logged_once_without_a_traceback(
    closed: FailOpenRedisCache, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger=resilience.__name__):
        for _try in range(3):
            closed.get("somebody@example.com")
            clock.now += PAUSE

    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]
    assert "somebody" not in caplog.text


def test_ping_tells_the_truth(black_hole: SimpleNamespace, closed: FailOpenRedisCache) -> None:
    black_hole.cache.get("a")

    for cache in (closed, black_hole.cache, closed, black_hole.cache):
        start = time.perf_counter()
        with pytest.raises((RedisError, OSError)):
            cache.ping()
        assert time.perf_counter() - start < 1.0
    # Each ping asked anew, whatever was known.
    assert len(black_hole.connections) == 3


def test_limits_of_allauth_let_everybody_through(
    black_hole: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "cache", black_hole.cache)
    rate = ratelimit.parse_rate("1/m/key")
    start = time.perf_counter()

    answers = [
        ratelimit._consume_single_rate(
            HttpRequest(), app="account", action="login", rate=rate, key="a"
        )
        for _attempt in range(10)
    ]

    assert all(answers)
    assert time.perf_counter() - start < 1.0


def test_our_own_limits_let_everybody_through(
    black_hole: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_ratelimit, "cache", black_hole.cache)
    window = our_ratelimit.Window("somebody", 60)
    start = time.perf_counter()

    assert [window.add() for _attempt in range(10)] == [1] * 10
    for _attempt in range(10):
        with our_ratelimit.guess("somebody", 1, 60):
            pass
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    ("error", "swallowed"),
    [
        (ReadOnlyError("You can't write against a read only replica."), True),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), True),
        (ResponseError("WRONGTYPE Operation against a key"), False),
        (TypeError("cannot pickle"), False),
    ],
)
def test_only_a_server_that_cannot_serve_is_forgiven(
    closed: FailOpenRedisCache,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    swallowed: bool,
) -> None:
    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(RedisCacheClient, "set", fail)
    if swallowed:
        closed.set("a", 1)
    else:
        with pytest.raises(type(error)):
            closed.set("a", 1)


# --- With a real Redis --------------------------------------------------------------------------


@needs_redis
def test_it_is_a_cache_like_any_other(tmp_path: Path) -> None:
    port = free_port()
    cache = cache_at(port)
    with redis_server(port, tmp_path):
        cache.ping()
        cache.set("a", {"b": [1]}, 60)
        assert cache.get("a") == {"b": [1]}
        assert (cache.add("a", 1), cache.add("n", 1)) == (False, True)
        assert (cache.incr("n", 2), async_to_sync(cache.aincr)("n")) == (3, 4)
        assert cache.get_many(["a", "n", "none"]) == {"a": {"b": [1]}, "n": 4}
        assert (cache.delete("a"), cache.delete("a")) == (True, False)
        with pytest.raises(ValueError, match="not found"):
            cache.incr("none")


@needs_redis
def test_redis_is_used_again_once_it_is_back(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    cache = cache_at(port)
    with redis_server(port, tmp_path):
        cache.set("a", "before", 60)
        assert cache.get("a") == "before"

    # Gone, with a connection of ours still open.
    assert cache.get("a", "miss") == "miss"
    with caplog.at_level(logging.INFO, logger=resilience.__name__), redis_server(port, tmp_path):
        cache.set("a", "too early", 60)
        clock.now += PAUSE
        assert cache.get("a", "miss") == "miss"
        cache.set("a", "after", 60)
        assert cache.get("a") == "after"
    assert [record.message for record in caplog.records] == [
        "Redis cache is away: ConnectionError",
        "Redis cache is back",
    ]


@needs_redis
def test_a_ping_that_is_answered_ends_the_pause(tmp_path: Path, clock: Clock) -> None:
    port = free_port()
    cache = cache_at(port)
    assert cache.get("a", "miss") == "miss"
    with redis_server(port, tmp_path):
        cache.ping()
        cache.set("a", 1)
        assert cache.get("a") == 1


@needs_redis
def test_a_restart_between_two_uses_goes_unnoticed(tmp_path: Path) -> None:
    port = free_port()
    cache = cache_at(port)
    with redis_server(port, tmp_path):
        cache.set("a", 1)
    with redis_server(port, tmp_path):
        cache.set("a", 2)
        assert cache.get("a") == 2
