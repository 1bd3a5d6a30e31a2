"""Real server processes for tests: Redis and Daphne, each on a port of its own.

A process keeps its port over a restart, as in life. Waiting is done by what the process itself
says: Redis by its log, Daphne by answering the first connection, which the kernel keeps waiting
until then.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from urllib.request import urlopen

from django.conf import settings
from django.db import connection

START_WITHIN = 60  # seconds, on a busy machine
STOP_WITHIN = 20


def redis_server() -> str | None:
    """The path of Redis, if there is one."""
    return shutil.which("redis-server")


class _Process:
    """A child process that can be started again on the port it had."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._folder = tempfile.TemporaryDirectory(prefix="setahub-test-")
        self._process: subprocess.Popen[Any] | None = None

    def start(self) -> Self:
        raise NotImplementedError

    def send(self, number: int) -> None:
        """Send the process a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def pause(self) -> None:
        """The process hangs: it keeps its connections and answers nothing."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def wait(self) -> int:
        """The exit code, once the process has ended."""
        assert self._process is not None
        code = self._process.wait(STOP_WITHIN)
        self._process = None
        return code

    def stop(self) -> int:
        """End it as a service manager does."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        return self.wait()

    def kill(self) -> int:
        """End it without giving it a chance to say so."""
        self.send(signal.SIGKILL)
        return self.wait()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_running:
            self.kill()
        self._folder.cleanup()


class Redis(_Process):
    """A Redis that keeps nothing. ``with Redis().start() as redis: redis.url``."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        program = redis_server()
        assert program, "redis-server is missing, and in CI no test may be left out."
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            [*command, "--dir", self._folder.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        # It says when it is ready; what it writes later is of no interest.
        with self._process.stdout as lines:
            said = []
            for line in lines:
                said.append(line)
                if "Ready to accept connections" in line:
                    return self
        raise AssertionError(f"Redis did not start:\n{''.join(said)}")


class Daphne(_Process):
    """The site as it is deployed, on the test's database: ``with Daphne(redis.url).start() as one``.

    ``environment`` adds to what the process sees.
    """

    def __init__(self, redis_url: str = "", **environment: str) -> None:
        super().__init__()
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "setahub.tests.settings",
            "SECRET_KEY": settings.SECRET_KEY,
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url,
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            **environment,
        }
        self._log = Path(self._folder.name) / "log"
        self._log.touch()

    @property
    def log(self) -> str:
        """All that the process has written, over its restarts."""
        return self._log.read_text()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def socket_url(self) -> str:
        return f"ws://{self.host}/ws/"

    def start(self, *, wait: bool = True) -> Self:
        """``wait=False``: return at once, so that several can start together; then ``ready()``."""
        # The child is given a socket that listens already: who connects meanwhile waits for it.
        address = ("127.0.0.1", self.port)
        with socket.create_server(address) as listener, self._log.open("ab") as log:
            number = listener.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daphne", "--fd", str(number), "setahub.asgi:application"],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                pass_fds=[number],
                cwd=settings.BASE_DIR,
                env=self._environment,
            )
        return self.ready() if wait else self

    def ready(self) -> Self:
        """Wait until it answers."""
        try:
            urlopen(f"{self.url}/healthz", timeout=START_WITHIN).close()
        except OSError as error:
            raise AssertionError(f"Daphne did not start:\n{self.log}") from error
        return self


def database_url() -> str:
    """The database of this test, as another process names it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    person = quote(database["USER"] or "", safe="")
    if database["PASSWORD"]:
        person += ":" + quote(database["PASSWORD"], safe="")
    place = f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    return f"postgres://{person}@{place}/{database['NAME']}"
