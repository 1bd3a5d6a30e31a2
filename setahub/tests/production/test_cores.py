"""Where the processes of production run."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from setahub.core.server import one_core
from setahub.tests.production.conftest import wait_for

pytestmark = pytest.mark.skipif(not one_core.cores(), reason="this system ties nothing to a core")


def cores_of(pid: int) -> set[tuple[int, ...]]:
    """Where each thread of a process may run; nowhere once it is gone."""
    with suppress(OSError):
        threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
        return {tuple(os.sched_getaffinity(thread)) for thread in threads}
    return set()


def workers(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_each_page_process_has_a_core_of_its_own_also_after_one_was_killed(gunicorn, tmp_path):
    cores = one_core.cores()
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    process, _port = gunicorn(DATABASE_URL=url, WEB_PROCESSES=str(len(cores)))
    pid, wanted = process.process.pid, [(core,) for core in cores]

    def settled() -> bool:
        return sorted(where for each in workers(pid) for where in cores_of(each)) == wanted

    wait_for(settled, process.process)
    for killed in workers(pid):
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda killed=killed: killed not in workers(pid) and settled(), process.process)


@pytest.mark.skipif(len(one_core.cores()) < 2, reason="needs a second core")
def test_fewer_page_processes_than_cores_run_where_there_is_room(gunicorn, tmp_path):
    process, _port = gunicorn(DATABASE_URL=f"sqlite:///{tmp_path}/none.sqlite3", WEB_PROCESSES="1")
    (worker,) = workers(process.process.pid)
    assert cores_of(worker) == {tuple(one_core.cores())}


def test_a_socket_process_stays_on_one_core(daphne, tmp_path):
    process, _port = daphne(DATABASE_URL=f"sqlite:///{tmp_path}/none.sqlite3")
    (cores,) = cores_of(process.process.pid)
    assert len(cores) == 1
