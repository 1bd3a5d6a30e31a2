"""Fifty page clients at once, and whether the process still says that it is well."""

import http.client
import math
import threading
import time
from collections.abc import Iterator
from functools import partial

from bench.load import Round, middle, mixed
from bench.machine import SHAPES, SIZE, Machine
from bench.pages import LISTS
from bench.people import sessions
from bench.report import Table

CLIENTS = 50
SECONDS = 8
ROUNDS = 3
LOOK_EVERY = 0.1  # seconds


def run(machine: Machine) -> Iterator[Table]:
    """Fifty people leaf through the lists without a pause, while something asks for /healthz."""
    rows = []
    for shape, server, start in (
        (SHAPES[0], "Daphne", machine.daphne),
        (SHAPES[1], "Daphne", machine.daphne),
        (SHAPES[0], "gunicorn", machine.gunicorn),
        (SHAPES[0], "gunicorn × 2", partial(machine.gunicorn, processes=2)),
    ):
        site = machine.site(shape, SIZE)
        keys = list(sessions(site, CLIENTS, email_key__startswith="scale1-student").values())
        port = start(site)
        mixed(port, LISTS, keys, CLIENTS, 1)  # warms up
        measured = [_round(port, keys) for _round_number in range(ROUNDS)]
        pages = middle([found for found, _slowest in measured])
        health = max(slowest for _found, slowest in measured)
        rows.append(
            [
                shape,
                server,
                f"{pages.rate:.0f}",
                f"{pages.p50:.0f} ms",
                f"{pages.p99:.0f} ms",
                f"{health:.0f} ms",
                str(pages.failed),
            ]
        )
    columns = ("shape", "server", "requests/s", "p50", "p99", "slowest /healthz", "failed")
    lists = ", ".join(f"`{path}`" for path in LISTS)
    note = (
        f"`script/bench crowd`. {CLIENTS} clients ask for {lists} in turns; × 2: of two "
        "processes, as gunicorn.conf.py has it. Wanted: none failed, p99 under 1000 ms, `/healthz` under 300 ms."
    )
    yield Table("crowd", "A crowd on the pages", note, columns, rows)


def _round(port: int, keys: list[str]) -> tuple[Round, float]:
    """What the crowd gets, and the slowest answer of /healthz meanwhile in milliseconds."""
    over, spent = threading.Event(), list[float]()

    def look() -> None:
        while not over.wait(LOOK_EVERY):
            spent.append(_health(port))

    looking = threading.Thread(target=look)
    looking.start()
    pages = mixed(port, LISTS, keys, CLIENTS, SECONDS)
    over.set()
    looking.join()
    return pages, max(spent)


def _health(port: int) -> float:
    """Milliseconds until the process has said that it is well; infinite if it hasn't."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/healthz")
        well = connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        well = False
    finally:
        connection.close()
    return (time.perf_counter() - began) * 1000 if well else math.inf
