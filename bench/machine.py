"""The servers that a benchmark needs: PostgreSQL, Redis, and the site in several processes."""

import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PASSWORD = "setahub-demo"
# Shapes of the site: as in production, and as it runs without any other server.
SIZE = "--students 200 --tas 25 --bookings 2000 --messages 2000"  # what seed_scale adds
SHAPES = ("PostgreSQL + Redis", "embedded")
Environment = dict[str, str]
WORKER = 0  # stands for it where others have a port


class Lacking(Exception):
    """What has to be installed first, in one line."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def inside(environment: Environment, code: str, *arguments: str, given: str = "") -> Any:
    """What Python code prints inside the site: JSON on its last line. ``given``: what it reads."""
    command = [PYTHON, "-c", f"import django; django.setup()\n{code}", *arguments]
    out = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        input=given.encode(),
    )
    return json.loads(out.stdout.splitlines()[-1])


@dataclass(frozen=True)
class Running:
    """A process, and what it takes to start it anew."""

    process: subprocess.Popen[bytes]
    command: list[str]
    environment: Environment


def memory(pid: int) -> float:
    """Resident memory of a process in KB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise RuntimeError(f"process {pid} is gone")


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


class Machine:
    """Starts what is asked for, and ends all of it when it is left. ``programs``: needed besides."""

    def __init__(self, *programs: str) -> None:
        self._programs = programs
        self._exit = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="setahub-bench."))
        self.folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        self._exit.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._postgres = os.environ.get("DATABASE_URL", "")
        self._redis = os.environ.get("REDIS_URL", "")
        self._seeded: dict[tuple[str, str], Environment] = {}
        self._running: dict[int, Running] = {}  # by port; the worker has none: WORKER

    def __enter__(self) -> "Machine":
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
        for program in (*self._programs, *(() if self._redis else ("redis-server",))):
            if not shutil.which(program):
                raise Lacking(f"{program} is missing; on Debian: apt install {program}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._exit.close()

    # --- Databases ------------------------------------------------------------------------------

    def site(self, shape: str, seed: str = "") -> Environment:
        """The environment of a site of this shape, filled by ``seed_demo`` and ``seed_scale seed``."""
        if (shape, seed) not in self._seeded:
            self._seeded[shape, seed] = self._filled(shape, seed)
        return self._seeded[shape, seed]

    def standing(self, url: str) -> Environment:
        """The environment of a site whose PostgreSQL database is there already; nothing fills it.

        It stays as it is, apart from the sessions of whoever visits it.
        """
        environment = self._environment("standing")
        environment |= {"DATABASE_URL": url, "REDIS_URL": self._redis or self._own_redis()}
        self._collect_static(environment)
        return environment

    def _filled(self, shape: str, seed: str) -> Environment:
        name = f"setahub_bench_{os.getpid()}_{len(self._seeded)}"
        environment = self._environment(name)
        if shape == SHAPES[0]:
            environment["DATABASE_URL"] = self._new_database(name)
            environment["REDIS_URL"] = self._redis or self._own_redis()
        self._collect_static(environment)
        self._manage(environment, "migrate")
        self._manage(environment, "seed_demo", "--force")
        if seed:
            self._manage(environment, "seed_scale", "--force", *seed.split())
        if shape == SHAPES[0]:  # what it would do by itself a minute later, beside what is measured
            with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
        return environment

    def _environment(self, name: str) -> Environment:
        return {
            **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "bench.floor.settings",
            "SECRET_KEY": "only-for-benchmarks-" + "x" * 40,
            "HTTPS": "False",
            "RATE_LIMITS": "off",
            "MEDIA_ROOT": str(self.folder / name),
            "BENCH_STATIC": str(self.folder / "static"),
            "DATABASE_URL": f"sqlite:///{self.folder / name}.sqlite3",
        }

    def _collect_static(self, environment: Environment) -> None:
        if not (self.folder / "static").exists():
            self._manage(environment, "collectstatic", "--noinput")

    def _manage(self, environment: Environment, *command: str) -> None:
        whole = [PYTHON, "manage.py", *command, "-v0"]
        subprocess.run(whole, cwd=ROOT, env=environment, check=True)

    def _new_database(self, name: str) -> str:
        self._postgres = self._postgres or self._own_postgres()
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
        self._exit.callback(self._drop, name)
        return urlsplit(self._postgres)._replace(path=f"/{name}").geturl()

    def _drop(self, name: str) -> None:
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _own_postgres(self) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            raise Lacking("PostgreSQL is missing; on Debian: apt install postgresql")
        data, port = self.folder / "pg", free_port()
        data.mkdir(mode=0o700)
        prefix: list[str] = []
        if os.getuid() == 0:  # which PostgreSQL refuses to be
            os.chown(data, pwd.getpwnam("postgres").pw_uid, -1)
            prefix = ["runuser", "-u", "postgres", "--"]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
        initdb = ["initdb", "-D", str(data), "-U", "setahub", "--auth=trust", "-E", "UTF8"]
        start = ["pg_ctl", "-D", str(data), "-w", "-l", str(data / "log"), "-o", options, "start"]
        for program, *rest in ([*initdb, "--locale=C.UTF-8"], start):
            command = [*prefix, f"{found[-1]}/{program}", *rest]
            subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL)
        stop = [*prefix, f"{found[-1]}/pg_ctl", "-D", str(data), "-m", "immediate", "stop"]
        self._exit.callback(subprocess.run, stop, cwd="/", stdout=subprocess.DEVNULL)
        return f"postgres://setahub@127.0.0.1:{port}/postgres"

    def _own_redis(self) -> str:
        port = free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self._start([*command, "--appendonly", "no"], {"PATH": os.environ["PATH"]})
        self._redis = f"redis://127.0.0.1:{port}/0"
        return self._redis

    # --- Processes ------------------------------------------------------------------------------

    def daphne(self, environment: Environment, application: str = "bench.floor.site:asgi") -> int:
        """A Daphne process; its port."""
        port = free_port()
        command = [PYTHON, "-m", "daphne", "-v0", "-b", "127.0.0.1", "-p", str(port), application]
        self._running[port] = self._start(command, environment)
        return self._answering(port)

    def worker(self, environment: Environment) -> int:
        """A background worker; what ``kill`` and ``stop`` know it by."""
        command = [PYTHON, "manage.py", "worker"]
        self._running[WORKER] = self._start(command, environment)
        return WORKER

    def gunicorn(
        self,
        environment: Environment,
        application: str = "setahub.wsgi:application",
        processes: int = 1,
    ) -> int:
        """A gunicorn as gunicorn.conf.py has it, but of so many processes; its port."""
        port = free_port()
        command = [PYTHON, "-m", "gunicorn", "--workers", str(processes)]
        command += ["-b", f"127.0.0.1:{port}", application]
        self._running[port] = self._start(command, environment)
        return self._answering(port)

    def proxy(self, environment: Environment, pages: int, sockets: int) -> int:
        """Caddy with the site's own Caddyfile before these two; its port."""
        port, data = free_port(), str(self.folder / "caddy")
        told = {
            "SITE_ADDRESS": f"http://127.0.0.1:{port}",
            "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
            "WEB_HOST": "127.0.0.1",
            "WEB_PORT": str(pages),
            "LIVE_HOST": "127.0.0.1",
            "LIVE_PORT": str(sockets),
            "STATIC_ROOT": environment["BENCH_STATIC"],
            "MEDIA_ROOT": environment["MEDIA_ROOT"],
            "XDG_DATA_HOME": data,
            "XDG_CONFIG_HOME": data,
        }
        version = subprocess.run(["caddy", "version"], check=True, capture_output=True, text=True)
        if version.stdout.lstrip("v").startswith("2.6.2"):  # Debian 12's (docs/operations.md)
            told |= {"REQUEST_BUFFERS": "buffer_requests", "RESPONSE_BUFFERS": "buffer_responses"}
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"]
        self._running[port] = self._start(command, environment | told)
        return self._answering(port)

    def kill(self, port: int) -> None:
        """Kill the process at this port, without a farewell, and have a new one in its place.

        Of gunicorn one of its workers, which the one above them replaces.
        """
        running = self._running[port]
        if workers := children(running.process.pid):
            with suppress(ProcessLookupError):
                os.kill(workers[0], signal.SIGKILL)
            return
        running.process.kill()
        running.process.wait()
        self._running[port] = self._start(running.command, running.environment)

    def stop(self, port: int) -> None:
        """End the process at this port, in order."""
        self._running[port].process.terminate()
        self._running[port].process.wait()

    def pid(self, port: int) -> int:
        """The process that answers at this port; of gunicorn the one above its workers."""
        return self._running[port].process.pid

    def _start(self, command: list[str], environment: Environment) -> "Running":
        log = (self.folder / "log").open("ab")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self._exit.callback(process.wait)
        self._exit.callback(process.terminate)
        return Running(process, command, environment)

    def _answering(self, port: int) -> int:
        for _attempt in range(300):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            try:
                connection.request("GET", "/healthz")
                connection.getresponse()
            except OSError:
                time.sleep(0.1)
            else:
                return port
            finally:
                connection.close()
        sys.exit((self.folder / "log").read_text()[-2000:])
