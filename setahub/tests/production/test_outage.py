"""The database goes away and comes back; nobody restarts the site."""

import time

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from setahub.core.db.postgres import base
from setahub.core.outage import trouble
from setahub.core.web.resilience import CircuitBreaker
from setahub.tests.production.conftest import fetch, status_of, wait_for

PAGE = "/auth/password/reset/key/1-x/"  # needs the database, and no data


def test_a_lost_database_is_told_at_once_and_recovered_from(cluster, gunicorn):
    process, port = gunicorn(DATABASE_URL=cluster.url(), WEB_PROCESSES="1")
    assert fetch(port, PAGE).status == 200

    cluster.stop()
    first = fetch(port, PAGE)
    assert (first.status, first.headers["Retry-After"]) == (503, "5")
    assert "reach our database" in first.text.replace("&#x27;", "'")
    begun = time.perf_counter()
    assert fetch(port, PAGE).status == 503
    assert time.perf_counter() - begun < 1
    ready = fetch(port, "/readyz")
    assert ready.status == 503
    assert ready.text == '{"status": "unavailable", "failed": ["database", "writing"]}'
    assert fetch(port, "/healthz").status == 200

    cluster.start()
    wait_for(lambda: status_of(port, PAGE) == 200)
    assert fetch(port, "/readyz").status == 200
    assert "Traceback" not in process.output
    assert "Service Unavailable: /auth/password/reset/key/..." in process.output
    assert "PostgreSQL is back" in process.output


def test_a_restart_of_the_database_between_two_requests_goes_unnoticed(cluster, gunicorn):
    process, port = gunicorn(DATABASE_URL=cluster.url(), WEB_PROCESSES="1")
    assert fetch(port, PAGE).status == 200
    cluster.stop()
    cluster.start()
    assert fetch(port, PAGE).status == 200
    assert "ERROR" not in process.output


def test_a_full_pool_is_busy_and_keeps_nobody_else_out(cluster, monkeypatch, django_db_blocker):
    breaker = CircuitBreaker("PostgreSQL", base.PAUSE)
    monkeypatch.setattr(base, "_breaker", breaker)
    monkeypatch.setattr(base.DatabaseWrapper, "_connection_pools", {})
    database = {
        "ENGINE": "setahub.core.db.postgres",
        "HOST": "127.0.0.1",
        "PORT": cluster.port,
        "NAME": "postgres",
        "USER": "setahub",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 1, "timeout": 0.3}},
    }
    first, second = (ConnectionHandler({"default": database})["default"] for _ in range(2))
    with django_db_blocker.unblock():
        first.ensure_connection()
        with pytest.raises(OperationalError) as refused:
            second.ensure_connection()
        assert trouble(refused.value) == "busy"
        assert breaker.allows()
        first.close()
        second.ensure_connection()
        second.close()
        first.close_pool()
