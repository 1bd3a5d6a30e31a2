"""`migrate` started twice at once: the second waits for the first, and both end well."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from setahub.core.db.constraints import alone

POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def empty_database(tmp_path, transactional_db):
    """The address of a database with nothing in it."""
    if not POSTGRESQL:
        yield f"sqlite:///{tmp_path}/new.sqlite3"
        return
    name = f"migrate_twice_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_at_once_both_end_well(empty_database):
    environment = {**os.environ, "DATABASE_URL": empty_database, "DEBUG": "off", "REDIS_URL": ""}
    environment |= {"SECRET_KEY": "x" * 60, "DJANGO_SETTINGS_MODULE": "setahub.settings"}
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "migrate", "-v", "1"]
    running = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _number in range(2)
    ]
    said = [each.communicate(timeout=300)[0] for each in running]
    assert [each.returncode for each in running] == [0, 0], said
    assert sum("Another migration is running" in each for each in said) == 1
    assert sum("No migrations to apply." in each for each in said) == 1


@pytest.mark.django_db(transaction=True)
def test_the_lock_is_given_back_also_after_an_error():
    waited: list[None] = []
    with pytest.raises(ZeroDivisionError), alone(connection, "test", lambda: waited.append(None)):
        raise ZeroDivisionError
    with alone(connection, "test", lambda: waited.append(None)):
        pass
    assert waited == []
