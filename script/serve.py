"""Runs the site for development. ``script/server`` finds a Python and starts this.

Standard library only, since it runs before anything is installed.
"""

import ctypes
import errno
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PYTHON = ".venv/bin/python"
APPLICATION = "setahub.asgi:application"
START_WITHIN = 120  # seconds until the site answers; the first time it is filled before
STOP_WITHIN = 8  # seconds until what has not ended is killed

# One process for all the steps: starting Python and Django is what takes the time.
# No collectstatic: with DEBUG on, static files are served from where they are.
SITE = """
import sys
import django
from daphne.cli import CommandLineInterface
from django.core.management import call_command
from django.db import connection

django.setup()
call_command("migrate", verbosity=0, interactive=False)
call_command("seed_demo", verbosity=0)
connection.close()
CommandLineInterface().run(sys.argv[1:])
"""

WELCOME = """
SETAHub runs at http://127.0.0.1:{port}  (also http://localhost:{port})

  student@example.com   a student with bookings
  ta@example.com        a TA with sessions
  admin@example.com     the Django admin, at /admin/
  Password of all three: setahub-demo

Ctrl-C stops it.
"""


def main(arguments: list[str]) -> None:
    port = read_port(arguments)
    check_port(port)
    os.chdir(ROOT)
    os.environ.update(DEBUG="True", DJANGO_SETTINGS_MODULE="setahub.settings")
    os.environ.setdefault("SITE_URL", f"http://{HOST}:{port}")  # where links in emails lead

    children = Children()
    try:
        children.run(["script/bootstrap"])
        listening = ["--verbosity", "0", "-b", HOST, "-p", str(port)]
        children.start("web server", [PYTHON, "-c", SITE, *listening, APPLICATION])
        late = time.monotonic() + START_WITHIN
        children.watch(lambda: answers(port) or time.monotonic() > late)
        if time.monotonic() > late:
            fail(f"the site did not answer within {START_WITHIN} seconds")
        children.start("worker", [PYTHON, "manage.py", "worker"])
        print(WELCOME.format(port=port), flush=True)
        children.watch(lambda: False)
    finally:
        children.stop()


def fail(message: str) -> NoReturn:
    sys.exit(f"setahub: {message}")


def read_port(arguments: list[str]) -> int:
    text = arguments[0] if arguments else "8000"
    if len(arguments) > 1 or not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        fail(f"the port must be a number from 1 to 65535, not “{' '.join(arguments)}”")
    return int(text)


def check_port(port: int) -> None:
    problem = bind_error(port)
    if problem == errno.EADDRINUSE:
        others = range(port + 1, min(port + 100, 65536))
        other = next((other for other in others if not bind_error(other)), 8000)
        fail(f"port {port} is taken; try script/server {other}")
    if problem:
        fail(f"port {port} cannot be used: {os.strerror(problem)}")


def bind_error(port: int) -> int | None:
    """The error number of listening on this port, or None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.errno
    return None


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Children:
    """The processes that were started, and the signals that end them.

    Each leads a process group, so that what it starts ends with it.
    """

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._signal = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup wants the site to outlive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_end_with_parent
        )
        self._running[name] = child
        return child

    def run(self, command: Sequence[str]) -> None:
        """Runs a command to its end; if it fails, so do we: it has said why."""
        child = self.start("step", command)
        self.watch(lambda: child.poll() is not None)
        del self._running["step"]
        if child.returncode:
            sys.exit(1)

    def watch(self, done: Callable[[], bool]) -> None:
        """Returns when done; exits when a signal came or a child ended by itself."""
        while not done():
            if self._signal:
                sys.exit(128 + self._signal)
            for name, child in self._running.items():
                if child.poll() is not None and name != "step":
                    fail(f"the {name} ended by itself (status {child.returncode})")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends what still runs: politely, then by force."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        groups = {child.pid for child in self._running.values()}
        late = time.monotonic() + STOP_WITHIN
        for group in groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
        while groups:
            for child in self._running.values():
                child.poll()
            if time.monotonic() > late:
                for group in groups:
                    with suppress(ProcessLookupError):
                        os.killpg(group, signal.SIGKILL)
                return
            groups = {group for group in groups if _exists(group)}
            time.sleep(0.05)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """In a child, on Linux: end as well when this process is killed outright."""
    if _libc is not None:
        _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    main(sys.argv[1:])
