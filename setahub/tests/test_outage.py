"""A database that is away is told apart from a slow one, and from a mistake of ours."""

import errno
import json
import socket
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
)
from django.db.utils import ConnectionHandler
from django.test import Client
from psycopg import errors
from psycopg_pool import PoolTimeout

from chat.tests.pictures import photo
from setahub.core.db.postgres import base
from setahub.core.db.postgres.base import PAUSE, DatabaseWrapper, Unreachable
from setahub.core.outage import Unfinished, trouble
from setahub.core.web import resilience
from setahub.core.web.resilience import CircuitBreaker
from topics.models import Topic


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (caused(OperationalError("x"), Unreachable("x")), "away"),
        (caused(OperationalError("x"), errors.OperationalError("server closed it")), "away"),
        (caused(OperationalError("x"), errors.AdminShutdown("x")), "away"),
        (caused(InterfaceError("x"), errors.InterfaceError("the connection is closed")), "away"),
        (caused(OperationalError("x"), PoolTimeout("x")), "busy"),
        (caused(OperationalError("x"), errors.QueryCanceled("x")), "busy"),
        (caused(OperationalError("x"), errors.DeadlockDetected("x")), "busy"),
        (caused(OperationalError("x"), errors.LockNotAvailable("x")), "busy"),
        (caused(OperationalError("x"), errors.TooManyConnections("x")), "busy"),
        (OperationalError("database is locked"), "busy"),
        (caused(OperationalError("x"), errors.DiskFull("x")), "full"),
        (caused(InternalError("x"), errors.ReadOnlySqlTransaction("x")), "full"),
        (caused(OperationalError("x"), errors.IoError("x")), "away"),
        (caused(InternalError("x"), errors.DataCorrupted("x")), "away"),
        (caused(InternalError("x"), errors.InFailedSqlTransaction("x")), None),
        (caused(IntegrityError("x"), errors.UniqueViolation("x")), None),
        (OperationalError("unable to open database file"), "away"),
        (OperationalError("database or disk is full"), "full"),
        (OperationalError("attempt to write a readonly database"), "full"),
        (DatabaseError("database disk image is malformed"), "away"),
        (DatabaseError("file is not a database"), "away"),
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (OSError(errno.EROFS, "Read-only file system"), "full"),
        (PermissionError(errno.EACCES, "Permission denied"), "full"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), None),
        (FileNotFoundError(errno.ENOENT, "x"), None),
        (Unfinished("css/site.css"), "unfinished"),
        (OperationalError("no such table: topics_topic"), None),
        (IntegrityError("x"), None),
        (ValueError("locked"), None),
        (None, None),
    ],
)
def test_troubles_are_told_apart(error, expected):
    assert trouble(error) == expected


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (caused(OperationalError("x"), Unreachable("x")), "reach our database"),
        (OperationalError("database is locked"), "That took too long"),
        (OperationalError("database or disk is full"), "Nothing can be saved right now"),
        (DatabaseError("file is not a database"), "reach our database"),
        (OSError(errno.ENOSPC, "No space left on device"), "Nothing can be saved right now"),
        (Unfinished("css/site.css"), "set up yet"),
    ],
)
def test_the_page_says_which(student, monkeypatch, error, words):
    def broken(*args, **kwargs):
        raise error

    monkeypatch.setattr("topics.views.listing.TopicsPage.of", broken)
    client = Client(raise_request_exception=False)
    client.force_login(student)
    response = client.get("/topics/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert words in response.content.decode()


@pytest.fixture
def nothing_can_be_written(transactional_db):
    """The database as it is on a full disk, or behind a server that only reads."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = ON")
            yield
            cursor.execute("PRAGMA query_only = OFF")
        else:
            cursor.execute("SET default_transaction_read_only = on")
            yield
            cursor.execute("SET default_transaction_read_only = off")


@pytest.fixture
def client(student):
    client = Client(raise_request_exception=False)
    client.force_login(student)
    return client


class TestNothingCanBeWritten:
    def test_pages_are_read_as_ever(self, client, ta, topic, nothing_can_be_written):
        for path in ("/", "/topics/", f"/topics/{topic.slug}/", f"/users/{ta.pk}/", "/bookings/"):
            assert client.get(path).status_code == 200

    def test_forms_say_so(self, client, nothing_can_be_written):
        response = client.post("/topics/new/", {"name": "Compilers"})
        assert response.status_code == 503
        assert "Nothing can be saved right now" in response.content.decode()

    def test_signing_in_says_so(self, client, student, nothing_can_be_written):
        visitor = Client(raise_request_exception=False)
        form = {"login": student.email, "password": "pass-word-1"}
        assert visitor.post("/auth/login/", form).status_code == 503

    def test_a_program_is_told_in_json(self, client, ta, nothing_can_be_written):
        form = {"text": "Hello"}
        response = client.post(f"/messages/{ta.pk}/", form, headers={"Accept": "application/json"})
        assert response.status_code == 503
        assert json.loads(response.content)["code"] == "unavailable"


UPLOADS = [
    ("/users/me/avatar/", "avatar", {}),
    ("/messages/{ta}/", "image", {"text": "Look"}),
    ("/topics/new/", "image", {"name": "Heaps"}),
    ("/topics/{topic}/edit/", "image", {"name": "Trees"}),
]


@pytest.fixture(params=UPLOADS, ids=[path for path, _field, _rest in UPLOADS])
def upload(request, client, ta, student):
    """Sends a picture; the status, and how many files were left."""
    path, field, rest = request.param
    mine = Topic.objects.create(name="Mine", slug="mine", creator=student)

    def sent() -> tuple[int, int]:
        form = {**rest, field: photo()}
        response = client.post(path.format(ta=ta.pk, topic=mine.slug), form)
        files = [each for each in Path(settings.MEDIA_ROOT).rglob("*") if each.is_file()]
        return response.status_code, len(files)

    return sent


class TestOfPictures:
    """Nothing stays of one whose row could not be written."""

    def test_without_an_outage_it_is_there(self, transactional_db, upload):
        status, files = upload()
        assert (status, bool(files)) == (302, True)

    def test_where_the_database_takes_no_writes(self, upload, nothing_can_be_written):
        assert upload() == (503, 0)

    def test_where_it_says_so_at_the_commit(self, transactional_db, upload, monkeypatch):
        def full():
            error = OperationalError("database or disk is full")
            error.__cause__ = errors.DiskFull("x") if connection.vendor == "postgresql" else None
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(connection, "commit", full)
            assert upload() == (503, 0)

    def test_where_nobody_knows_it_stays(self, transactional_db, upload, monkeypatch):
        def lost():
            raise OperationalError("unable to open database file")

        with monkeypatch.context() as patch:
            patch.setattr(connection, "commit", lost)
            status, files = upload()
        assert (status, bool(files)) == (503, True)


def test_a_full_disk_of_the_uploads_says_so(client, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    form = {"avatar": photo()}
    response = client.post("/users/me/avatar/", form)
    assert response.status_code == 503
    assert "Nothing can be saved right now" in response.content.decode()


def test_forgotten_static_files_are_told_in_words(client, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
    }
    response = client.get("/")
    page = response.content.decode()
    assert response.status_code == 503
    assert "set up yet" in page
    assert "stylesheet" not in page


@pytest.fixture
def nobody(db, monkeypatch):
    """A connection to a port where nobody listens, with a pool and a breaker of its own."""
    monkeypatch.setattr(base, "_breaker", CircuitBreaker("PostgreSQL", PAUSE))
    monkeypatch.setattr(DatabaseWrapper, "_connection_pools", {})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = ConnectionHandler(
            {
                "default": {
                    "ENGINE": "setahub.core.db.postgres",
                    "HOST": "127.0.0.1",
                    "PORT": probe.getsockname()[1],
                    "NAME": "none",
                    "USER": "nobody",
                    "OPTIONS": {"pool": {"min_size": 1, "timeout": 0.4, "reconnect_timeout": 1}},
                }
            }
        )["default"]
        yield made
        made.close_pool()


def test_while_the_database_is_away_one_waits_and_the_others_are_told_at_once(nobody, caplog):
    begun = time.perf_counter()
    for _request in range(50):
        with pytest.raises(OperationalError) as refused:
            nobody.ensure_connection()
        assert trouble(refused.value) == "away"
    assert time.perf_counter() - begun < 0.8
    ours = [each.getMessage() for each in caplog.records if each.name == resilience.__name__]
    assert ours == ["PostgreSQL is away: PoolTimeout"]


@pytest.mark.parametrize(("busy_for", "waits"), [(4, 5), (99, 5)])
def test_while_the_pool_is_merely_busy_a_request_waits_for_its_turn(
    nobody, monkeypatch, busy_for, waits
):
    tried = []

    def busy(*args):
        tried.append(1)
        if len(tried) <= busy_for:
            raise PoolTimeout("all taken")
        return "a connection"

    monkeypatch.setattr(base.base.DatabaseWrapper, "get_new_connection", busy)
    if busy_for < base.PATIENCE:
        assert nobody.get_new_connection({}) == "a connection"
    else:
        with pytest.raises(PoolTimeout):
            nobody.get_new_connection({})
    assert len(tried) == waits
    assert base._breaker.allows()


def test_after_the_pause_it_is_tried_again(nobody, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(resilience, "monotonic", lambda: clock[0])
    tried = []
    monkeypatch.setattr(
        base.base.DatabaseWrapper,
        "get_new_connection",
        lambda *args: tried.append(clock[0]) or 1 / 0,
    )
    base._breaker.failed(OSError())
    for clock[0] in (1000.5, 1000.0 + PAUSE, 1000.0 + PAUSE + 0.1):
        with pytest.raises((OperationalError, ZeroDivisionError)):
            nobody.ensure_connection()
    assert tried == [1000.0 + PAUSE]
