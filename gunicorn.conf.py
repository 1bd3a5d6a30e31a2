"""Page processes: ``gunicorn setahub.wsgi``, which reads this file by itself.

A page waits for the database now and then, so a process answers several at once in threads; many more
would wait for each other. Each needs a connection of the process's pool (DATABASE_POOL).
"""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from setahub.core import env
from setahub.core.server import one_core
from setahub.settings import LOGGING

CLOSES_WITHIN = 2  # seconds


class PageWorker(ThreadWorker):
    """gunicorn's own, but a stopping process also closes its listening socket.

    Otherwise what the proxy sends it meanwhile waits where nobody looks, and is lost with the
    process; a closed one makes the proxy ask another process at once.

    And a busy process is a live one: ``/healthz`` has a thread of its own. To know it by its first
    bytes, connections are accepted once these are there (where the system can do that).
    """

    def init_process(self) -> None:
        self._alive = ThreadPoolExecutor(1, thread_name_prefix="alive")
        if hasattr(socket, "TCP_DEFER_ACCEPT"):
            for listener in self.sockets:
                if listener.family in (socket.AF_INET, socket.AF_INET6):
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)  # second
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        pages = self.tpool
        if asks_whether_alive(conn.sock):
            self.tpool = self._alive
        try:
            super().enqueue_req(conn)
        finally:
            self.tpool = pages

    def handle(self, conn: Any) -> Any:
        """gunicorn's own, which then waits for the other side to close, too, but where it accepts."""
        again = super().handle(conn)
        if again is False:
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_WR)
                conn.sock.settimeout(CLOSES_WITHIN)
                conn.sock.recv(1)
        return again

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self._take_the_last(listener)
                listener.close()

    def _take_the_last(self, listener: socket.socket) -> None:
        """Accept what has connected before the end."""
        listener.setblocking(False)
        count = -1
        while count != self.nr_conns:
            count = self.nr_conns
            self.accept(listener)


def asks_whether_alive(connection: socket.socket) -> bool:
    """Whether what waits to be read begins so; a request that is still on its way is one of a page."""
    try:
        began = connection.recv(13, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    return began == b"GET /healthz "


def pre_fork(server: Any, worker: Any) -> None:
    """Each process has a core of its own, where there are as many processes as cores or more.

    Fewer share the machine with others, whose cores nobody here knows: the system sees to that.
    """
    cores = one_core.cores()
    taken = [other.core for other in server.WORKERS.values()]
    enough = server.num_workers >= len(cores)
    worker.core = min(cores, key=taken.count, default=None) if enough else None


def post_fork(server: Any, worker: Any) -> None:
    """Where sockets are on the same machine, they go first: a page may take a moment longer."""
    os.nice(10)
    if worker.core is not None:
        one_core.stay(worker.core)


def pre_request(worker: Any, request: Any) -> None:
    """What is refused for its size (``middleware.bounded``) is not read: its connection ends."""
    from setahub.core.images import MAX_REQUEST_BYTES  # needs the apps, which are loaded by now

    for name, value in request.headers:
        if name == "CONTENT-LENGTH" and int(value) > MAX_REQUEST_BYTES:
            request.force_close()


bind = [env.text("WEB_BIND", "127.0.0.1:8000")]
worker_class = PageWorker
workers = env.number("WEB_PROCESSES", 2, low=1, high=64)
threads = env.number("WEB_THREADS", 4, low=1, high=64)

# A stopping process takes no new requests and finishes those that it has.
graceful_timeout = 25  # seconds; less than what docker-compose.yml gives before it kills
timeout = 60  # seconds without a sign of life from a process, not from a request
# A connection carries one request, which goes to whichever process is free. Kept ones stay with the
# process that took them: of eight at once one process got all, and the other nothing to do.
keepalive = 0

# What it would be asked there, nobody asks; and the code's folder is not its to write in.
control_socket_disable = True

# Signs of life are a file's times; where there is one, in memory rather than on a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# Everything goes where the site's own lines go. A line for each request is one of them already.
logconfig_dict = {
    **LOGGING,
    "loggers": {
        **LOGGING["loggers"],
        "gunicorn.error": {"level": "INFO", "propagate": True},
        "gunicorn.access": {"level": "CRITICAL", "propagate": False},
    },
}
