"""The database goes away and comes back; nobody restarts the site."""

import time

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
    assert (ready.status, ready.text) == (503, '{"status": "unavailable", "failed": ["database"]}')
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
