"""A pooled connection is asked whether it lives only when there is reason for doubt."""

import socket
from types import SimpleNamespace

import pytest
from psycopg import OperationalError

from setahub.core.db.postgres import alive


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


class Connection:
    """As the pool sees one: over our end of a socket, with a server that is gone."""

    autocommit = True

    def __init__(self, end: socket.socket) -> None:
        self.pgconn = SimpleNamespace(socket=end.fileno())
        self.asked = 0

    def execute(self, statement: str) -> None:
        self.asked += 1
        raise OperationalError("gone")


def test_an_idle_connection_is_taken_without_a_round_trip(ends):
    connection = Connection(ends[0])
    alive.check(connection)
    assert connection.asked == 0


def test_one_that_the_server_has_ended_is_found_dead(ends):
    connection = Connection(ends[0])
    ends[1].close()
    with pytest.raises(OperationalError, match="gone"):
        alive.check(connection)
    assert connection.asked == 1


def test_one_with_something_to_read_is_asked(ends):
    connection = Connection(ends[0])
    ends[1].send(b"E")
    with pytest.raises(OperationalError, match="gone"):
        alive.check(connection)


@pytest.mark.django_db
def test_the_pool_of_the_site_checks_its_connections_so():
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "postgresql" and settings.DATABASES["default"]["CONN_HEALTH_CHECKS"]:
        assert connection.pool._check is alive.check
    else:
        assert not hasattr(connection, "pool")
