"""The backend itself: Django looks for it in a module of this name."""

from typing import Any

from django.db.backends.postgresql import base, operations
from psycopg import Connection, OperationalError
from psycopg.pq import Format
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from setahub.core.db.postgres import alive
from setahub.core.web.resilience import CircuitBreaker

PAUSE = 1.0  # seconds without an attempt after a failure
PREPARED = "prepared"  # in place of a cursor's name
PATIENCE = 5  # timeouts of the pool that a request waits through while the server is merely busy

_breaker = CircuitBreaker("PostgreSQL", PAUSE)

set_json_loads(bytes.decode)  # type: ignore[arg-type]  # read by the field, as from Django's own cursors


class Unreachable(OperationalError):
    """PostgreSQL takes no connections."""


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which knows only one of the two kinds of cursor at a time."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        if isinstance(cursor, base.ServerBindingCursor):
            return self.compose_sql(sql, params)
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but while the server is away only one caller a second waits to find it back.

    The pool alone lets each caller wait for its whole timeout, and so an outage would soon hold
    every thread of a page process, health checks included.
    """

    ops_class = DatabaseOperations

    @property
    def pool(self) -> ConnectionPool | None:
        pool = super().pool
        if pool is not None and pool._check is not None:
            pool._check = alive.check  # Django leaves no other way to choose it
        return pool

    def prepared_cursor(self) -> Any:
        """A cursor whose statements are sent apart from their values.

        One that comes again and again is planned once: of a short query planning is the larger
        part. Django's own cursors write the values into the SQL, so that each differs from the last.
        """
        return self._cursor(PREPARED)  # type: ignore[attr-defined]

    def create_cursor(self, name: str | None = None) -> Any:
        if name is not PREPARED:
            return super().create_cursor(name)
        factory = self.connection.cursor_factory
        self.connection.cursor_factory = base.ServerBindingCursor
        try:
            cursor = super().create_cursor()
        finally:
            self.connection.cursor_factory = factory
        cursor.format = Format.BINARY  # moments as text cost both sides more than they are worth
        return cursor

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        if not _breaker.allows():
            raise Unreachable("PostgreSQL is away")
        refused = self._refusals()
        for waits_left in reversed(range(PATIENCE)):
            try:
                connection = super().get_new_connection(conn_params)
            except OperationalError as error:
                # A pool that is merely busy times out as well; then nothing was refused meanwhile.
                # A crowd before one row waits its turn: all of it holds connections, and moves on.
                if self.pool and self._refusals() == refused:
                    if waits_left and isinstance(error, PoolTimeout):
                        continue
                    raise
                _breaker.failed(error)
                raise Unreachable(str(error)) from error
            break
        _breaker.worked()
        return connection

    def _refusals(self) -> int:
        """How many attempts of the pool to connect have failed so far."""
        return self.pool.get_stats().get("connections_errors", 0) if self.pool else 0
