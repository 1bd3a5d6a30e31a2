"""What busy pages do to messages where production has them: in processes of their own."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench.load import Round, middle, mixed
from bench.machine import SHAPES, SIZE, Machine
from bench.pages import LISTS
from bench.people import sessions
from bench.report import Table
from bench.sockets import PAIRS, SECONDS, messages

CLIENTS = 16
LEAD = 4  # seconds that the pages are asked for longer than messages are sent
ROUNDS = 3


def run(machine: Machine) -> Iterator[Table]:
    """p99 of messages through Daphne, with and without 16 page clients on a gunicorn, in turns."""
    site = machine.site(SHAPES[0], SIZE)
    students = sessions(site, PAIRS, email_key__startswith="scale1-student")
    tas = sessions(site, PAIRS, email_key__startswith="scale1-ta")
    sockets, pages = machine.daphne(site), machine.gunicorn(site)
    mixed(pages, LISTS, list(students.values()), CLIENTS, 1)  # warms up
    asyncio.run(messages(sockets, students, tas))
    idle, busy, crowd, missed = list[float](), list[float](), list[Round](), 0
    with ThreadPoolExecutor() as beside:
        for _round in range(ROUNDS):
            p99, late = asyncio.run(messages(sockets, students, tas))
            idle.append(p99)
            leafing = beside.submit(
                mixed, pages, LISTS, list(students.values()), CLIENTS, SECONDS + LEAD
            )
            p99, late_too = asyncio.run(messages(sockets, students, tas))
            busy.append(p99)
            crowd.append(leafing.result())
            missed += late + late_too
    asked = middle(crowd)
    row = [
        f"{median(busy) / median(idle):.1f}",
        f"{median(busy):.1f} ms",
        f"{median(idle):.1f} ms",
        str(missed),
        f"{asked.rate:.0f}",
        f"{asked.p99:.0f} ms",
        str(asked.failed),
    ]
    columns = ("busy over idle", "busy", "idle", "not live", "pages/s", "pages' p99", "failed")
    note = (
        f"`script/bench split`. p99 of a message as in `sockets`, while {CLIENTS} clients ask for "
        "pages and while none does: sockets in a Daphne, pages in a gunicorn of one process, "
        "PostgreSQL and Redis. Wanted: at most 2."
    )
    yield Table("split", "A message beside busy pages", note, columns, [row])
