"""Anybody's endpoint beside ours: the same clients, the same run, in turns.

BENCH_PEER_URL: the address of the other one, a page or JSON; BENCH_PEER_COOKIE: what it wants as
Cookie, if anything; BENCH_PEER_NAME: what the table calls it; BENCH_PEER_BESIDE: our path that does
the same (else the topics list). It should hold as much as ours does: ``university.UNIVERSITY``.
"""

import os
from collections.abc import Iterator

from bench.load import Target, in_turns, target
from bench.machine import Lacking, Machine
from bench.people import STUDENT, sessions
from bench.report import Table
from bench.university import university

CLIENTS = (1, 8)
ROUNDS = 5


def run(machine: Machine) -> Iterator[Table]:
    """Rates and p50 of both, for one client and for eight."""
    url = os.environ.get("BENCH_PEER_URL", "")
    if not url:
        raise Lacking("BENCH_PEER_URL is missing: the address of the endpoint to compare with")
    name = os.environ.get("BENCH_PEER_NAME", "peer")
    path = os.environ.get("BENCH_PEER_BESIDE", "/topics/")
    site = university(machine)
    [key] = sessions(site, email=STUDENT).values()
    ours = target(machine.gunicorn(site, processes=2), path, key)
    theirs = Target(url, os.environ.get("BENCH_PEER_COOKIE", ""))
    rows = []
    for clients in CLIENTS:
        measured = in_turns([ours, theirs], clients, ROUNDS)
        for who, each in zip((f"ours, `{path}`", name), measured, strict=True):
            share = f"{each.rate / measured[1].rate:.2f}"
            rows.append(
                [
                    who, str(clients), f"{each.rate:.0f}", share, f"{each.p50:.1f} ms",
                    f"{each.p99:.0f} ms", str(each.failed),
                ]
            )  # fmt: skip
    columns = ("whose", "clients", "requests/s", f"over {name}", "p50", "p99", "failed")
    note = (
        f"`script/bench peers`. Ours beside {name} on the same machine, in turns: gunicorn × 2, "
        "PostgreSQL and Redis, 500 TAs, 5,000 students, 100,000 bookings."
    )
    yield Table("peers", "Beside another system", note, columns, rows)
