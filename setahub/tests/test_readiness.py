"""``/readyz`` names what failed, and answers in time even when a part doesn't."""

import json
import threading
import time

import pytest

from setahub.lib import readiness


@pytest.fixture
def parts(monkeypatch):
    """The parts that are asked; a test may put others in their place."""
    parts = dict(readiness.PARTS)
    monkeypatch.setattr(readiness, "PARTS", parts)
    return parts


def away():
    raise OSError


def test_all_is_well(db, client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert json.loads(response.content) == {"status": "ok", "failed": []}


@pytest.mark.parametrize("part", ["database", "cache", "channel layer"])
def test_the_part_that_failed_is_named(db, client, parts, part):
    assert part in parts
    parts[part] = away
    response = client.get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content) == {"status": "unavailable", "failed": [part]}


def test_every_part_that_failed_is_named(client, parts):
    for part in parts:
        parts[part] = away
    assert json.loads(client.get("/readyz").content)["failed"] == list(parts)


def test_a_part_that_hangs_keeps_nobody_waiting(db, client, parts, monkeypatch):
    monkeypatch.setattr(readiness, "LIMIT", 0.2)
    end = threading.Event()
    parts["cache"] = end.wait
    begun = time.perf_counter()
    response = client.get("/readyz")
    end.set()
    assert time.perf_counter() - begun < 2
    assert json.loads(response.content)["failed"] == ["cache"]


def test_parts_are_asked_at_once(parts):
    together = threading.Barrier(2, timeout=5)
    parts.clear()
    parts.update(one=together.wait, other=together.wait)
    assert readiness.failed_parts() == []


def test_being_alive_asks_nothing(client, parts, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(readiness, "failed_parts", away)
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b'{"status": "ok"}')
