"""Real processes of the production shape: PostgreSQL, gunicorn, Daphne, Caddy, each on its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

WITHIN = 20  # seconds in which whatever is waited for has to happen
PROGRAMS = {  # program: the package of Debian that brings it
    "caddy": "caddy",
    "pg_ctl": "postgresql",
}


def program(name: str) -> str:
    """The path of a program; a test that needs a missing one is left out, but never in CI."""
    found = shutil.which(name)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: each.parent):
        if not found and (folder / name).exists():
            found = str(folder / name)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{name} is missing, and in CI no test may be left out.")
    pytest.skip(f"{name} is not installed; on Debian: apt install {PROGRAMS.get(name, name)}")


def caddy() -> tuple[list[str], dict[str, str]]:
    """The proxy's command, and what that of Debian 12 has to be told besides (docs/operations.md)."""
    path = program("caddy")
    version = subprocess.run([path, "version"], check=True, capture_output=True, text=True).stdout
    old = version.lstrip("v").startswith("2.6.2")
    arguments = ["run", "--adapter", "caddyfile", "--config", "Caddyfile"]
    names = {"REQUEST_BUFFERS": "buffer_requests", "RESPONSE_BUFFERS": "buffer_responses"}
    return [path, *arguments], names if old else {}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(what: Callable[[], Any], process: subprocess.Popen[Any] | None = None) -> Any:
    """The first answer that is true; fails when it does not come, or the process ends before.

    It asks again and again: ports, pages and rows of other programs tell nobody when they are there.
    """
    late = time.monotonic() + WITHIN
    while not (answer := what()):
        assert process is None or process.poll() is None, "the process ended"
        assert time.monotonic() < late, "it did not happen in time"
        time.sleep(0.02)  # lets the others have the processor; nothing is timed by it
    return answer


class Answer:
    """A response, read whole."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode()


def fetch(
    port: int,
    path: str,
    *,
    method: str = "GET",
    body: bytes | str | None = None,
    headers: dict[str, str] | None = None,
    host: str = "127.0.0.1",
) -> Answer:
    connection = HTTPConnection(host, port, timeout=WITHIN)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def status_of(port: int, path: str) -> int | None:
    """The status, or None while nobody answers."""
    with suppress(OSError):
        return fetch(port, path).status
    return None


class Cluster:
    """A PostgreSQL of the tests' own, that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        self.run("initdb", "-D", ".", "-U", "setahub", "--auth=trust", "-E", "UTF8", "--locale=C")

    def url(self, name: str = "postgres") -> str:
        return f"postgres://setahub@127.0.0.1:{self.port}/{name}"

    def run(self, name: str, *arguments: str) -> None:
        """A program of PostgreSQL; as its own user, since it refuses root."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, program(name), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += " -c unix_socket_directories="
        self.run("pg_ctl", "-D", ".", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", ".", "-w", "-m", "immediate", "stop")

    def is_running(self) -> bool:
        return (self.folder / "postmaster.pid").exists()

    def sql(self, statement: str, name: str = "postgres") -> str:
        """What psql prints for one statement."""
        command = [program("psql"), "-XAtq", self.url(name), "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Cluster]:
    program("initdb")
    # Not under pytest's folders: PostgreSQL's user has to get there.
    with tempfile.TemporaryDirectory(prefix="setahub-pg-") as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        try:
            manage("migrate", "-v0", DATABASE_URL=cluster.url())
            yield cluster
        finally:
            if cluster.is_running():
                cluster.stop()


@pytest.fixture
def cluster(_cluster: Cluster) -> Cluster:
    """With all tables in the database ``postgres``; running, whatever the test before did."""
    if not _cluster.is_running():
        _cluster.start()
    return _cluster


def environment(**more: str) -> dict[str, str]:
    """What a process of the site gets, as in production but over plain http and without files."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "CI") if name in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "setahub.tests.settings",
        "SECRET_KEY": "only-for-tests-" + "x" * 40,
        "HTTPS": "False",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def manage(*arguments: str, **environ: str) -> str:
    """What ``manage.py`` prints."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**environ),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


class Process:
    """A server that was started, and what it has printed."""

    def __init__(self, command: Sequence[str], log: Path, **environ: str) -> None:
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=environment(**environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """The exit status, once it has ended."""
        return self.process.wait(WITHIN)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """``launch(command, port, **environ)``: a process that is stopped with the test."""
    started: list[Process] = []

    def start(command: Sequence[str], port: int, path: str = "/healthz", **environ: str) -> Process:
        process = Process(command, tmp_path / f"log-{len(started)}", **environ)
        started.append(process)
        try:
            wait_for(lambda: status_of(port, path), process.process)
        except AssertionError as error:
            raise AssertionError(process.output) from error
        return process

    yield start
    for process in started:
        process.process.kill()
        process.process.wait()


@pytest.fixture
def gunicorn(launch: Callable[..., Process]) -> Callable[..., tuple[Process, int]]:
    """``gunicorn(DATABASE_URL=…)``: page processes as in docker-compose.yml, and their port."""

    def start(port: int = 0, **environ: str) -> tuple[Process, int]:
        port = port or free_port()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "setahub.wsgi"]
        return launch(command, port, **environ), port

    return start


@pytest.fixture
def daphne(launch: Callable[..., Process]) -> Callable[..., tuple[Process, int]]:
    """``daphne(DATABASE_URL=…)``: a socket process as in docker-compose.yml, and its port."""

    def start(port: int = 0, **environ: str) -> tuple[Process, int]:
        port = port or free_port()
        command = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
        return launch([*command, "setahub.asgi:application"], port, **environ), port

    return start
