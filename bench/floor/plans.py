"""What each query of the main pages costs the database; runs inside the site.

It leaves nothing but what visits leave. Outside of a transaction, so that what is made once for all
is there when a page asks, as it is for users.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.test import Client

from accounts.models import User
from bench.floor.places import places

Plan = dict[str, Any]
Execute = Callable[..., Any]

BIG = 10_000  # rows from which on a table has to be read by index
# A statement is prepared at the fifth time; after five more, one plan may serve all values.
ASKED = 15
LAST = 3
TIMES = 5  # that a query is run; the first ones warm up, the median counts
EXPLAIN = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "  # clocks in every node cost more than it


@dataclass
class Queries:
    """The statements of one request as Django sends them: SQL and parameters.

    ``slowest``: milliseconds of the slowest of them, the way there and back included.
    """

    reads: list[tuple[str, Any]] = field(default_factory=list)
    writes: int = 0
    slowest: float = 0.0

    def __call__(
        self, execute: Execute, sql: str, params: Any, many: bool, context: Mapping[str, Any]
    ) -> Any:
        if sql.lstrip("( ").startswith(("SELECT", "WITH")):
            self.reads.append((sql, params))
        elif sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self.writes += 1
        began = time.perf_counter()
        found = execute(sql, params, many, context)
        self.slowest = max(self.slowest, (time.perf_counter() - began) * 1000)
        return found


def of(email: str) -> None:
    """Print what the pages of this person cost, as JSON: a dictionary for each page."""
    user = User.objects.get(email=email)
    client, session = _signed_in(user)
    try:
        big = _big_tables()
        print(json.dumps([_page(client, big, *each) for each in places(user).items()]))
    finally:
        session.delete()


def _signed_in(user: User) -> tuple[Client, Any]:
    """A browser, and its session."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client, session


def _big_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples > %s", [BIG])
        return {name for (name,) in cursor.fetchall()}


def _page(client: Client, big: set[str], name: str, path: str) -> dict[str, Any]:
    """Numbers of statements, milliseconds of every read with its SQL, big tables read whole."""
    asked = [_asked(client, path) for _time in range(ASKED)]
    queries = asked[-1]
    cost, whole = [], set[str]()
    for sql, params in queries.reads:
        milliseconds, tables = _explained(sql, params)
        cost.append((milliseconds, sql))
        whole |= tables & big
    return {
        "page": name,
        "reads": cost,
        "slowest": min(each.slowest for each in asked[-LAST:]),
        "writes": queries.writes,
        "whole": sorted(whole),
    }


def _asked(client: Client, path: str) -> Queries:
    queries = Queries()
    with connection.execute_wrapper(queries):
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")
    return queries


def _explained(sql: str, params: Any) -> tuple[float, set[str]]:
    """Execution time in milliseconds, and the tables that were read whole."""
    spent = []
    with connection.cursor() as cursor:
        for _time in range(TIMES):
            cursor.execute(EXPLAIN + sql, params)
            [[text]] = cursor.fetchall()
            [explained] = json.loads(text)
            spent.append(explained["Execution Time"])
    whole = {
        node["Relation Name"]
        for node in _nodes(explained["Plan"])
        if node["Node Type"] == "Seq Scan"
    }
    return median(spent), whole


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)
