"""``/readyz`` names what failed, and answers in time even when a part doesn't."""

import json
import tempfile
import threading
import time
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from setahub.core.outage import trouble
from setahub.core.server import health


@pytest.fixture
def parts(monkeypatch):
    """The parts that are asked; a test may put others in their place."""
    parts = dict(health.PARTS)
    monkeypatch.setattr(health, "PARTS", parts)
    return parts


def away():
    raise OSError


def test_all_is_well(db, client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert json.loads(response.content) == {"status": "ok", "failed": []}


linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")


@pytest.mark.parametrize(
    "part",
    [
        "database",
        "writing",
        "cache",
        "channel layer",
        "media",
        "temporary files",
        "static manifest",
    ],
)
def test_the_part_that_failed_is_named(db, client, parts, part):
    assert part in parts
    parts[part] = away
    response = client.get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content) == {"status": "unavailable", "failed": [part]}


class TestReally:
    """The checks themselves, against faults as they are."""

    def failed(self, part):
        try:
            health.PARTS[part]()
        except Exception as error:
            return trouble(error) or type(error).__name__
        return None

    def test_all_is_well(self, transactional_db):
        assert [self.failed(part) for part in health.PARTS] == [None] * len(health.PARTS)

    def test_a_database_that_takes_no_writes(self, transactional_db, monkeypatch):
        def read_only(connection, **kwargs):
            with connection.cursor() as cursor:
                cursor.execute(
                    "PRAGMA query_only = ON"
                    if connection.vendor == "sqlite"
                    else "SET default_transaction_read_only = on"
                )

        def begin_anew():
            connection.close()
            if connection.vendor != "sqlite":
                connection.close_pool()

        begin_anew()
        connection_created.connect(read_only)
        try:
            assert self.failed("writing") == "full"
            assert self.failed("database") is None
        finally:
            connection_created.disconnect(read_only)
            begin_anew()

    @linux
    def test_a_folder_that_takes_no_files(self, settings):
        settings.MEDIA_ROOT = "/proc/setahub-media"
        assert self.failed("media") == "FileNotFoundError"

    @linux
    def test_no_room_for_temporary_files(self, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", "/proc")
        assert self.failed("temporary files") == "FileNotFoundError"

    def test_static_files_that_were_not_collected(self, settings, tmp_path):
        settings.STATIC_ROOT = tmp_path
        settings.STORAGES = {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
        }
        assert self.failed("static manifest") == "unfinished"


def test_every_part_that_failed_is_named(client, parts):
    for part in parts:
        parts[part] = away
    assert json.loads(client.get("/readyz").content)["failed"] == list(parts)


def test_a_part_that_hangs_keeps_nobody_waiting(db, client, parts, monkeypatch):
    monkeypatch.setattr(health, "LIMIT", 0.2)
    end = threading.Event()
    parts["cache"] = end.wait
    parts.pop("writing")  # the test's own transaction holds SQLite's only lock
    begun = time.perf_counter()
    response = client.get("/readyz")
    end.set()
    assert time.perf_counter() - begun < 2
    assert json.loads(response.content)["failed"] == ["cache"]


def test_parts_are_asked_at_once(parts):
    together = threading.Barrier(2, timeout=5)
    parts.clear()
    parts.update(one=together.wait, other=together.wait)
    assert health.failed_parts() == []


def test_being_alive_asks_nothing(client, parts, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(health, "failed_parts", away)
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b'{"status": "ok"}')
