"""The pages at the size of a university, against those of a small site.

BENCH_UNIVERSITY_DATABASE, the URL of a PostgreSQL database that seed_scale has filled with
UNIVERSITY, saves filling one anew, which takes some minutes.
"""

import os
from collections.abc import Iterator

from bench.load import Target, in_turns, target
from bench.machine import SHAPES, Environment, Machine
from bench.people import STUDENT, TA, places, sessions
from bench.report import Table

UNIVERSITY = "--students 5000 --tas 500 --bookings 100000 --messages 150000"
SMALL = "--students 40 --tas 8 --bookings 300 --messages 1200"
CLIENTS = 8
ROUNDS = 5
PAGES = {"/topics/": "topics", "/": "dashboard"}
# What the rates are wanted to be, by the name of the page among ``places``.
WANTED = {"topics": 270, "topic": 180, "a TA's free times": 180}


def university(machine: Machine) -> Environment:
    """A site of that size; parts of one run share it."""
    url = os.environ.get("BENCH_UNIVERSITY_DATABASE", "")
    return machine.standing(url) if url else machine.site(SHAPES[0], UNIVERSITY)


def run(machine: Machine) -> Iterator[Table]:
    """One client on both sites in turns, then eight on the large one."""
    sites = machine.site(SHAPES[0], SMALL), university(machine)
    ports = [machine.gunicorn(site, processes=2) for site in sites]
    yield _ratios(sites, ports)
    yield _rates(sites[1], ports[1])


def _ratios(sites: tuple[Environment, Environment], ports: list[int]) -> Table:
    rows = []
    for viewer, email in (("student", STUDENT), ("TA", TA)):
        keys = [next(iter(sessions(site, email=email).values())) for site in sites]
        for path in PAGES:
            targets = [target(port, path, key) for port, key in zip(ports, keys, strict=True)]
            small, large = in_turns(targets, 1, ROUNDS)
            ratio = f"{large.p50 / small.p50:.2f}"
            rows.append([f"`{path}`", viewer, ratio, f"{small.p50:.1f} ms", f"{large.p50:.1f} ms"])
    columns = ("page", "viewer", "ratio", "8 TAs", "500 TAs")
    note = (
        "`script/bench university`. 500 TAs, 5,000 students and 100,000 bookings over 8 TAs and "
        "300 bookings: p50 of one client, in turns, gunicorn × 2, PostgreSQL and Redis. "
        "Wanted: at most 1.3."
    )
    return Table("university", "Pages at the size of a university", note, columns, rows)


def _rates(site: Environment, port: int) -> Table:
    [key] = sessions(site, email=STUDENT).values()
    found = places(site, STUDENT)
    targets: list[Target] = [target(port, found[name], key) for name in WANTED]
    rows = [
        [name, f"{each.rate:.0f}", str(WANTED[name]), f"{each.p99:.0f} ms", str(each.failed)]
        for name, each in zip(WANTED, in_turns(targets, CLIENTS, ROUNDS), strict=True)
    ]
    columns = ("page", "requests/s", "wanted", "p99", "failed")
    note = (
        f"`script/bench university`. {CLIENTS} clients, one page after the other in turns, 500 TAs, "
        "5,000 students and 100,000 bookings, gunicorn × 2, PostgreSQL and Redis."
    )
    return Table("university_rates", "Rates at that size", note, columns, rows)
