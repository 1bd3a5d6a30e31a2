"""What the site stores in and talks over: database, caches, channel layer, task queue."""

from typing import Any

from redis import from_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from setahub.core import env
from setahub.settings.basics import BASE_DIR, VAR_DIR

_connections = env.number("DATABASE_POOL", 16, low=1, high=500)  # of one process
_database = env.database("DATABASE_URL", "sqlite:///var/setahub.sqlite3")
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if _database["NAME"] != ":memory:":
        _file = BASE_DIR / str(_database["NAME"])  # an absolute path stays as it is
        env.make_folder("DATABASE_URL", _file.parent)
        _database["NAME"] = str(_file)
    # A file is opened once by each thread: opening it anew costs a short page a fifth of its time.
    _database["CONN_MAX_AGE"] = None
    # Without IMMEDIATE and a patient timeout two writers meet as "database is locked".
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;"
            # Whoever fills the log writes it into the database, which takes several commits' time:
            # of SQLite's own 1,000 pages one message in a hundred.
            " PRAGMA wal_autocheckpoint=4000;"
        ),
    }
else:
    _database["ENGINE"] = "setahub.core.db.postgres"
    _seconds = env.number("DATABASE_STATEMENT_TIMEOUT", 15, low=0, high=3600, unit="seconds")
    # What setahub.core.db.prepared keeps is planned for any values, once for each connection.
    _session = (
        f"-c statement_timeout={_seconds}s -c idle_in_transaction_session_timeout=60s"
        " -c plan_cache_mode=force_generic_plan"
        # What PostgreSQL supposes by itself is right for turning disks, and shuns indexes.
        " -c random_page_cost=1.1"
    )
    # Connections are pooled: under ASGI every request has its own thread, and persistent
    # connections of threads would leak. One that died meanwhile is noticed before it is used.
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **({"options": _session} if _seconds else {}),
        # A server that vanished without a farewell is given up, rather than waited for.
        "connect_timeout": 2,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        # Uses of a statement of setahub.core.db.prepared before it is kept: by the time each of the pool's
        # connections has seen it five times, a crowd has come and gone, and planned it anew each time.
        "prepare_threshold": 0,
        **(_database.get("OPTIONS") or {}),  # type: ignore[dict-item]
        "pool": {
            "min_size": 1,
            "max_size": _connections,
            "timeout": 3,  # seconds that a request waits for a connection
            "reconnect_timeout": 2,  # then it is tried anew for the next request
        },
    }
DATABASES = {"default": _database}
# Of one Daphne process; more threads would only stand in each other's way. Some connections are left to
# the sockets, and to responses being sent.
PAGES_AT_ONCE = max(1, min(3, _connections // 2))

REDIS_URL = env.checked(
    "REDIS_URL",
    env.text("REDIS_URL"),
    lambda url: not url or env.can_parse(from_url, url),
    "redis://host:port/number",
)
CACHES: dict[str, dict[str, Any]]
if REDIS_URL:
    CACHES = {
        "default": {"BACKEND": "setahub.core.web.cache.FailOpenRedisCache", "LOCATION": REDIS_URL}
    }
    CACHES["shared"] = CACHES["default"]
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Beyond it what is counted would be dropped: a way to guess on.
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
    # What the worker must see too: who is online.
    CACHES["shared"] = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(VAR_DIR / "cache"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }

TEN_YEARS = 10 * 365 * 24 * 3600

# Messages reach open pages through this. PubSub carries twice what the queueing layer does and loses
# nothing in a burst; frames are hints in any case, and the database is the truth. Neither connecting
# nor sending may keep anybody waiting for a Redis that is away.
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "prefix": "setahub",
                "hosts": [
                    {
                        "address": REDIS_URL,
                        "socket_connect_timeout": 1,
                        "socket_timeout": 1,
                        "retry": Retry(NoBackoff(), 0),
                        "health_check_interval": 20,
                    }
                ],
            },
        }
        if REDIS_URL
        else {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            # One channel takes the events of all sockets. It belongs to its group as long as the process
            # lasts: that ends with an event too old as well, as after a machine's sleep.
            "CONFIG": {"capacity": 10_000, "expiry": TEN_YEARS, "group_expiry": TEN_YEARS},
        }
    )
}

# Background work (setahub.core.work.tasks).
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
