"""Fixtures of every test: people, topics, time. Browser fixtures are in setahub/tests/browser."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import django
import pytest
import time_machine
from django.conf import settings as project
from django.contrib.sessions.backends.base import SessionBase
from django.core import mail
from django.core.cache import cache, caches
from django.db import OperationalError, connection, transaction
from django.test import Client, TransactionTestCase

from accounts.models import User
from accounts.sessions import SessionStore
from setahub.core import clock as when
from setahub.core.work import worker
from setahub.policy import source
from setahub.policy.current import NO_CHANGES
from topics.models import Registration, Topic

# A Monday morning in Bangkok; no test depends on the day it is run.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=when.zone())
MADE_BY_MIGRATE = {"django_content_type", "auth_permission"}


def chromium() -> str | None:
    """The path of the browser that browser tests drive, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_report_header() -> list[str]:
    """Says once what a newcomer's machine leaves out; in CI those tests fail instead."""
    if os.environ.get("CI"):
        return []
    missing = {
        "Chromium is not installed: the browser tests are left out.": chromium(),
        "Redis is not installed: the tests of several server processes are left out.": (
            shutil.which("redis-server")
        ),
    }
    return [line for line, program in missing.items() if not program]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright leaves an event loop in the thread of the tests."""
    items.sort(key=lambda item: "browser" in item.path.parts)


def _migrated() -> Path:
    """Where a migrated and empty SQLite database lies, for as long as all that made it is the same."""
    root = project.BASE_DIR
    made_by = [root / "requirements.txt", *root.glob("*/migrations/*.py")]
    made_by += [*root.glob("*/*/migrations/*.py"), *root.rglob("constraints.py")]
    made = hashlib.sha256(django.__version__.encode())
    for path in sorted(each for each in made_by if ".venv" not in each.parts):
        made.update(path.read_bytes())
    return Path(tempfile.gettempdir()) / f"setahub-migrated-{made.hexdigest()[:20]}.sqlite3"


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """On SQLite each run begins with a copy, and ``migrate`` finds nothing to do: seconds less."""
    at = connection.settings_dict["TEST"]["NAME"]
    if connection.vendor == "sqlite" and _migrated().exists():
        shutil.copyfile(_migrated(), at)
    return connection.vendor == "sqlite"


def _settled() -> None:
    """What differs from SQLite only because the tests of a run share one database.

    Autovacuum sees nothing of a test that is still running, and would tell the planner that its tables
    are empty: joins of a few hundred rows then take minutes. Ids go on from test to test, and some day
    would look like years.
    """
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        for name in names:
            table = connection.ops.quote_name(name)
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
            for sequence in connection.introspection.get_sequences(cursor, name):
                cursor.execute("SELECT setval(%s, 100000)", [sequence["name"]])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    if connection.vendor == "sqlite" and not _migrated().exists():
        half = f"{_migrated()}.{os.getpid()}"
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [half])
        Path(half).replace(_migrated())
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            _settled()
    yield
    if connection.vendor == "sqlite":
        for more in ("", "-wal", "-shm", ".migrate"):
            Path(f"{connection.settings_dict['NAME']}{more}").unlink(missing_ok=True)


def _empty(_case: TransactionTestCase) -> None:
    """Takes away what a test has stored; a flush would make the rows of ``migrate`` anew, too."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [connection.ops.quote_name(name) for name in names if name not in MADE_BY_MIGRATE]
    try:
        _delete(tables)
    except OperationalError:  # a deadlock with a request that was still being answered
        _delete(tables)


def _delete(tables: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # waits for whatever is still being written
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))
            return
        for table in tables:  # the driver takes one statement at a time
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture(scope="session", autouse=True)
def _emptied() -> Iterator[None]:
    """What tests with transactions of their own leave behind is taken away, and quickly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _empty)
        yield


@pytest.fixture(autouse=True)
def _surroundings_of_its_own(settings: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """Uploads go to a folder of the test's own; nothing is cached from the test before."""
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()
    caches["shared"].clear()
    monkeypatch.setattr(source, "LIFE", 3600)
    source.keep(NO_CHANGES)


@pytest.fixture
def clock() -> Iterator[Any]:
    """Time stands still at NOW; ``clock.move_to(moment)`` and ``clock.shift(delta)`` move it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def run_tasks(db: Any) -> Callable[[], int]:
    """``run_tasks()`` does what is queued and due, as a worker would; how many tasks that were.

    A task that fails fails the test.
    """

    def run() -> int:
        count = 0
        while row := worker.take("test"):
            row.task.call(*row.args_kwargs["args"])
            worker.settle(row, {"status": "SUCCESSFUL"})
            count += 1
        return count

    return run


@pytest.fixture
def post(run_tasks: Callable[[], int]) -> Callable[[], list[Any]]:
    """``post()``: the emails sent so far, those included that wait for the worker."""

    def delivered() -> list[Any]:
        run_tasks()
        return mail.outbox

    return delivered


@pytest.fixture
def make_user(db: Any) -> Callable[..., User]:
    """``make_user("Mali", year=3)``: a stored user with password ``pass-word-1``."""

    def make(name: str = "somchai", **fields: Any) -> User:
        email = fields.pop("email", f"{name.replace(' ', '.').lower()}@example.com")
        return User.objects.create_user(
            name, email, "pass-word-1", **{"year": 3, "language": "en", **fields}
        )

    return make


@pytest.fixture
def student(make_user: Callable[..., User]) -> User:
    return make_user("สมชาย ใจดี", email="student@example.com", year=1)


@pytest.fixture
def ta(make_user: Callable[..., User], topic: Topic) -> User:
    """A TA, approved for ``topic``."""
    user = make_user("น้ำฝน", email="ta@example.com", year=4)
    Registration.objects.create(user=user, topic=topic)
    return user


@pytest.fixture
def staff(make_user: Callable[..., User]) -> User:
    return make_user("Staff", is_staff=True, is_superuser=True)


@pytest.fixture
def stranger(make_user: Callable[..., User]) -> User:
    return make_user("Stranger")


@pytest.fixture
def creator(make_user: Callable[..., User]) -> User:
    """The user who made ``topic``."""
    return make_user("Creator")


@pytest.fixture
def topic(creator: User) -> Topic:
    return Topic.objects.create(name="Data Structures", slug="data-structures", creator=creator)


class SignedIn(Client):
    """A test client signed in as this user; it makes one session, where Django's own makes one for
    a visitor, loads it and puts the user's in its place."""

    def __init__(self, user: User, **options: Any) -> None:
        super().__init__(**options)
        self.force_login(user)

    @property
    def session(self) -> SessionBase:
        known = project.SESSION_COOKIE_NAME in self.cookies
        return super().session if known else SessionStore()


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A test client signed in as this user."""
    return SignedIn


@pytest.fixture
def open_tab() -> Callable[[Client, str], Callable[..., Any]]:
    """``tab = open_tab(client, path)``: a form as it is there now. ``tab(name="x")`` sends it."""

    def opened(client: Client, path: str) -> Callable[..., Any]:
        form = client.get(path).context["form"]
        filled = {field.name: field.value() for field in form if field.value() not in (None, False)}
        return lambda **typed: client.post(path, {**filled, **typed})

    return opened
