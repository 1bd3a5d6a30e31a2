"""Whether a connection of the pool still lives, told without asking the server."""

import select
from typing import Any

from psycopg_pool import ConnectionPool


def check(connection: Any) -> None:
    """Raises when the connection is dead; a round trip only where there is reason for doubt.

    An idle connection has nothing to read. When the server ends it, its farewell or the end of the
    stream is there to be read; only then the server is asked, which at every request cost one
    query in five.
    """
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(connection)
