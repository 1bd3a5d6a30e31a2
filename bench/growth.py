"""What a hundred times as many bookings and messages do to the pages.

BENCH_LARGE_DATABASE, the URL of a PostgreSQL database that seed_scale has filled with LARGE, saves
filling one anew, which takes about twenty minutes. It is left as it is, but for sessions.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence

from bench.load import in_turns, target
from bench.machine import PYTHON, ROOT, SHAPES, Environment, Machine, inside
from bench.people import STUDENT, TA, places, sessions
from bench.report import Table

# A student has as many coming bookings, and more than a page of conversations, in both.
SMALL = "--students 10 --tas 40 --bookings 2000 --messages 10000"
LARGE = "--students 5000 --tas 500 --bookings 1000000 --messages 10000000"
PAGES = ("bookings", "inbox", "conversation")
ROUNDS = 5
SLOW = 5.0  # milliseconds


def run(machine: Machine) -> Iterator[Table]:
    """How filling it went, pages over those of a small site, and each page's queries."""
    small = machine.site(SHAPES[0], SMALL)
    url = os.environ.get("BENCH_LARGE_DATABASE", "")
    if url:
        large = machine.standing(url)
    else:
        large = machine.site(SHAPES[0])
        yield _seed(large)
    yield _ratios(machine, (small, large))
    yield _queries(large)


def _seed(site: Environment) -> Table:
    """Seconds and peak memory of the command that makes a large site."""
    began = time.monotonic()
    command = [PYTHON, "manage.py", "seed_scale", "--force", *LARGE.split()]
    process = subprocess.Popen(command, cwd=ROOT, env=site)
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    minutes = (time.monotonic() - began) / 60
    row = [f"{minutes:.1f} min", f"{used.ru_maxrss / 1024:.0f} MB"]
    note = f"`script/bench growth`. `seed_scale {LARGE}`. Wanted: under 20 minutes and 2 GB."
    return Table("seed", "Filling a large site", note, ("time", "peak memory"), [row])


def _ratios(machine: Machine, sites: Sequence[Environment]) -> Table:
    """p50 of each page with very much in the tables, over the same with little."""
    keys = [next(iter(sessions(site, email=STUDENT).values())) for site in sites]
    paths = [places(site, STUDENT) for site in sites]
    ports = [machine.daphne(site) for site in sites]
    rows = []
    for name in PAGES:
        targets = [
            target(port, found[name], key)
            for port, found, key in zip(ports, paths, keys, strict=True)
        ]
        few, many = in_turns(targets, 1, ROUNDS)
        rows.append([name, f"{many.p50 / few.p50:.2f}", f"{few.p50:.1f} ms", f"{many.p50:.1f} ms"])
    note = (
        "`script/bench growth`. 1,000,000 bookings over 2,000, 10,000,000 messages over 10,000: "
        "p50 of one client, in turns, Daphne, PostgreSQL and Redis. Wanted: at most 1.2."
    )
    return Table("growth", "Pages as the site grows", note, ("page", "ratio", "few", "many"), rows)


def _queries(site: Environment) -> Table:
    """Every query of the main pages of a student and of a TA, explained."""
    code = "import sys; from bench.floor import plans; plans.of(sys.argv[1])"
    rows, told = [], set[str]()
    for viewer, email in (("student", STUDENT), ("TA", TA)):
        for found in inside(site, code, email):
            spent = [milliseconds for milliseconds, _sql in found["reads"]]
            for milliseconds, sql in found["reads"]:
                if milliseconds > SLOW and sql not in told:
                    told.add(sql)
                    print(f"\n{found['page']}, {milliseconds:.2f} ms: {sql}", flush=True)
            rows.append(
                [
                    viewer,
                    found["page"],
                    str(len(spent)),
                    f"{max(spent):.2f} ms",
                    f"{found['slowest']:.2f} ms",
                    str(sum(milliseconds > SLOW for milliseconds in spent)),
                    f"{sum(spent):.2f} ms",
                    ", ".join(found["whole"]),
                    str(found["writes"]),
                ]
            )
    columns = (
        "viewer", "page", "reads", "slowest", "as the page runs it", f"over {SLOW:.0f} ms",
        "together", "read whole", "writes",
    )  # fmt: skip
    note = (
        "`script/bench growth`. With 1,000,000 bookings and 10,000,000 messages, warm: execution "
        "times by `EXPLAIN (ANALYZE)`, and of the slowest as the page runs it, prepared, the way "
        "there and back included; big tables that a query reads whole. "
        f"Wanted: at most {SLOW:.0f} ms, by index."
    )
    return Table("queries", "Queries of the main pages", note, columns, rows)
