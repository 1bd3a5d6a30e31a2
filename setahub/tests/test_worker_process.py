"""The worker as a process: killed, told to stop, and without its database."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from setahub.core.work import worker
from setahub.core.work.tasks import later
from setahub.tests import work


@pytest.fixture(autouse=True)
def _nothing_done_yet():
    work.done.clear()
    work.failing.clear()


def only() -> DBTaskResult:
    return DBTaskResult.objects.get()


def database_url() -> str:
    """The test database, as another process reaches it."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    login = at["USER"] + (f":{at['PASSWORD']}" if at["PASSWORD"] else "")
    return f"postgres://{login}@{at['HOST']}:{at['PORT'] or 5432}/{at['NAME']}"


@pytest.fixture
def start_worker():
    """``start_worker("--once")``: ``manage.py worker`` on the test database."""
    started = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        environ = {**os.environ, "DATABASE_URL": database_url(), "DEBUG": "True"}
        environ["DJANGO_SETTINGS_MODULE"] = "setahub.settings"
        child = subprocess.Popen(
            [sys.executable, "manage.py", "worker", *arguments],
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.django_db(transaction=True)
class TestProcess:
    def test_a_worker_killed_in_the_middle_of_a_task_loses_nothing(self, tmp_path, start_worker):
        for pipe in ("tell", "never"):
            os.mkfifo(tmp_path / pipe)
        later(work.hold, str(tmp_path))
        first = start_worker()
        assert (tmp_path / "tell").read_text() == "began"
        first.kill()
        first.wait()
        assert only().status == "RUNNING"
        # Its lease runs out; the next worker finds it so.
        DBTaskResult.objects.update(run_after=timezone.now() - timedelta(seconds=1))
        assert start_worker("--once").wait(30) == 0
        assert (tmp_path / "ended").exists()
        assert only().status == "SUCCESSFUL"
        assert len(only().worker_ids) == 2

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_told_to_stop_it_finishes_the_task_in_hand(self, tmp_path, start_worker, number):
        for pipe in ("tell", "never"):
            os.mkfifo(tmp_path / pipe)
        later(work.hold, str(tmp_path))
        later(work.note, 2)
        child = start_worker()
        assert (tmp_path / "tell").read_text() == "began"
        child.send_signal(number)
        (tmp_path / "never").write_text("go on")
        assert child.wait(30) == 0
        states = dict(DBTaskResult.objects.values_list("task_path", "status"))
        assert states == {
            "setahub.tests.work.hold": "SUCCESSFUL",
            "setahub.tests.work.note": "READY",
        }


class Away:
    """Stands for the database's answers: so many errors, then nothing to do."""

    def __init__(self, errors: int) -> None:
        self.errors, self.asked = errors, 0

    def __call__(self, name: str) -> None:
        self.asked += 1
        if self.asked <= self.errors:
            raise OperationalError("the connection is closed")


@pytest.fixture
def waits(monkeypatch):
    """The worker's pauses, in seconds, without any time passing."""
    found: list[float] = []

    def wait(self, seconds):
        found.append(seconds)
        if seconds == worker.POLL:
            self.set()
        return self.is_set()

    monkeypatch.setattr(worker, "POLL", 0.5)  # unlike any wait for the database
    monkeypatch.setattr(threading.Event, "wait", wait)
    return found


@pytest.mark.django_db
class TestDatabaseAway:
    def test_the_worker_waits_for_it_and_goes_on(self, monkeypatch, waits, caplog):
        caplog.set_level("INFO")
        monkeypatch.setattr(worker, "take", Away(6))
        monkeypatch.setattr(worker, "parts_of_sweep", list)
        worker.Worker().run()
        assert waits == [1, 2, 4, 8, 15, 15, worker.POLL]
        told = [record.getMessage() for record in caplog.records if "database" in record.message]
        assert told == [
            "The database is away, waiting for it: OperationalError",
            "The database is back",
        ]

    def test_what_is_done_but_not_noted_is_noted_later_and_not_done_again(self, monkeypatch, waits):
        later(work.note, 1)
        settle, errors = worker.settle, [OperationalError(), OperationalError()]

        def fragile(row, outcome):
            if errors:
                raise errors.pop()
            settle(row, outcome)

        monkeypatch.setattr(worker, "settle", fragile)
        assert worker.Worker().once() == 1
        assert (work.done, only().status, waits) == ([1], "SUCCESSFUL", [1, 2])


def test_a_second_signal_ends_it_at_once(monkeypatch):
    ended = []
    monkeypatch.setattr(signal, "signal", lambda number, action: ended.append((number, action)))
    monkeypatch.setattr(signal, "raise_signal", ended.append)
    busy = worker.Worker()
    busy.stop(signal.SIGTERM)
    assert ended == []
    busy.stop(signal.SIGTERM)
    assert ended == [(signal.SIGTERM, signal.SIG_DFL), signal.SIGTERM]
