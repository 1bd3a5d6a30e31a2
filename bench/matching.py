"""Very many seats that come free at once, while very many people wait."""

from collections.abc import Iterator

from bench.machine import SHAPES, Machine, inside
from bench.report import Table

REQUESTS, SEATS = 5000, 1000
SIZE = f"--students 2000 --tas 220 --bookings 2000 --messages 0 --requests {REQUESTS}"
# What comes free is freed as a cancellation does it; then each slot is matched, as a worker does it.
MATCH = """
import json, os, sys, time
from collections import Counter
from pathlib import Path
from django.db import connection, transaction
from scheduling.models import FreedSeat, Offer, PlaceInLine, TimeSlot
from scheduling.services import offers

backend = None
if connection.vendor == "postgresql":
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/stat")

def spent():
    "Seconds of processor: this process's, and those of its connection's, where it is on this machine."
    if backend is None or not backend.exists():
        return time.process_time()
    user, system = backend.read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

def count(execute, *call):
    global asked
    asked += 1
    return execute(*call)

free = TimeSlot.objects.filter(pk__in=TimeSlot.objects.free().values("pk")).with_ta()
with transaction.atomic():
    for slot in free.order_by("starts_at", "pk")[: int(sys.argv[1])]:
        offers.freed(slot)
slots = list(dict.fromkeys(FreedSeat.objects.order_by("pk").values_list("slot", flat=True)))
waiting, queries, asked = PlaceInLine.objects.waiting().count(), Counter(), 0
wall, processor = time.monotonic(), spent()
with connection.execute_wrapper(count):
    for slot in slots:
        before = asked
        offers.match(slot)
        queries[asked - before] += 1
print(json.dumps({
    "waiting": waiting, "seats": len(slots), "left": FreedSeat.objects.count(),
    "offers": Offer.objects.count(), "processor": spent() - processor,
    "wall": time.monotonic() - wall, "queries": sorted(queries.items()),
}))
"""


def run(machine: Machine) -> Iterator[Table]:
    """How long until each of the seats is offered to somebody or free for everybody."""
    rows = []
    for shape in SHAPES:
        found = inside(machine.site(shape, SIZE), MATCH, str(SEATS))
        queries = ", ".join(f"{many} × {each}" for each, many in found["queries"])
        rows.append(
            [
                shape,
                f"{found['waiting']:,}",
                f"{found['seats']:,}",
                f"{found['offers']:,}",
                str(found["left"]),
                f"{found['processor']:.1f} s",
                f"{found['wall']:.1f} s",
                queries,
            ]
        )
    columns = (
        "shape",
        "waiting",
        "seats",
        "offers",
        "left",
        "processor",
        "took",
        "slots × queries",
    )
    note = (
        "`script/bench matching`. So many seats, each of another slot, come free at once while so many people wait; "
        "one worker matches one slot after the other. Processor: the worker's and the database's for it. "
        "Wanted: none left, under 30 s, the queries of a slot constant but for the seats that it gives."
    )
    yield Table("matching", "Seats that come free at once", note, columns, rows)
