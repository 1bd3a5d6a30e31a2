"""A process that stays on one core: its threads do, programs that work for it don't."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from scheduling.feeds import busy_times
from setahub.core.images import reencode
from setahub.core.server import one_core
from setahub.tests.pictures import four_corners, saved

pytestmark = pytest.mark.skipif(not one_core.cores(), reason="this system ties nothing to a core")

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//EN\r\nEND:VCALENDAR\r\n"
CORES = "import os; print(*sorted(os.sched_getaffinity(0)))"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Whatever runs after it may use all cores again."""
    allowed = os.sched_getaffinity(0)
    with monkeypatch.context() as patch:
        patch.setattr(one_core, "_before", frozenset())
        yield
    os.sched_setaffinity(0, allowed)


def of_new_thread() -> list[int]:
    found: list[list[int]] = []
    thread = threading.Thread(target=lambda: found.append(one_core.cores()))
    thread.start()
    thread.join()
    return found[0]


def of_new_program() -> list[int]:
    told = subprocess.run([sys.executable, "-c", CORES], capture_output=True, text=True, check=True)
    return [int(core) for core in told.stdout.split()]


def test_it_stays_where_it_is_told_with_its_threads():
    chosen = one_core.cores()[-1]
    one_core.stay(chosen)
    assert one_core.cores() == of_new_thread() == of_new_program() == [chosen]


def test_unless_told_it_stays_where_it_runs():
    allowed = one_core.cores()
    one_core.stay()
    (chosen,) = one_core.cores()
    assert chosen in allowed


def test_a_program_may_run_everywhere_while_the_process_stays():
    allowed = one_core.cores()
    one_core.stay()
    own = one_core.cores()
    with one_core.everywhere():
        assert of_new_program() == allowed
    assert one_core.cores() == of_new_thread() == own


def test_what_reads_pictures_and_calendars_may_run_everywhere(monkeypatch):
    found, allowed, run = [], one_core.cores(), subprocess.run

    def noted(*args: Any, **options: Any) -> Any:
        found.append(one_core.cores())
        return run(*args, **options)

    monkeypatch.setattr(subprocess, "run", noted)
    one_core.stay()
    reencode(saved(four_corners(), "PNG"), max_side=50)
    busy_times(CALENDAR, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert found == [allowed, allowed]


def test_the_process_is_back_on_its_core_after_an_error():
    one_core.stay()
    own = one_core.cores()
    with pytest.raises(RuntimeError), one_core.everywhere():
        raise RuntimeError
    assert one_core.cores() == own


def test_a_process_that_stays_nowhere_is_let_alone():
    allowed = one_core.cores()
    with one_core.everywhere():
        assert one_core.cores() == allowed
    assert one_core.cores() == allowed


def test_a_core_that_it_may_not_use_is_none():
    allowed = one_core.cores()
    one_core.stay(allowed[-1] + 1)
    assert one_core.cores() == allowed


def test_where_a_system_has_no_such_thing_nothing_happens(monkeypatch):
    with monkeypatch.context() as patch:
        patch.delattr(os, "sched_getaffinity")
        patch.delattr(os, "sched_setaffinity")
        one_core.stay()
        with one_core.everywhere():
            assert one_core.cores() == []


def test_of_a_process_with_a_server_in_it_the_server_alone_stays():
    told = """
import daphne.server, setahub.asgi, os, threading
from twisted.internet import reactor
found = []
def look():
    found.append(len(os.sched_getaffinity(0)))
    reactor.stop()
reactor.callLater(0.1, look)
thread = threading.Thread(target=reactor.run, args=[False])
thread.start()
thread.join()
print(*found, len(os.sched_getaffinity(0)))
"""
    done = subprocess.run(
        [sys.executable, "-c", told],
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
    )
    assert done.stdout.split()[-2:] == ["1", str(len(one_core.cores()))]
