"""A TA's free times against the topics list, on the same server and database."""

from collections.abc import Iterator

from bench.load import in_turns, page
from bench.machine import SHAPES, Machine, inside
from bench.people import STUDENT, sessions
from bench.report import Table

MANY = "--students 2000 --tas 200 --bookings 100000"
SOON_FREE = """
from scheduling.models import TimeSlot
print(TimeSlot.objects.free().with_ta().soonest()[0].appointment.ta_id)
"""
DAYS = 14
CLIENTS = 8
ROUNDS = 3


def run(machine: Machine) -> Iterator[Table]:
    """Fourteen days of a TA's slots, with 100,000 bookings in the table."""
    site = machine.site(SHAPES[0], MANY)
    [key] = sessions(site, email=STUDENT).values()
    path = f"/users/{inside(site, SOON_FREE)}/timeslots/"
    port = machine.gunicorn({**site, "BOOKING_HORIZON": str(DAYS)})
    shown = page(port, path, key).count("data-slot-id=")
    topics, slots = in_turns([(port, "/topics/", key), (port, path, key)], CLIENTS, ROUNDS)
    row = [
        f"{slots.rate / topics.rate:.2f}",
        f"{slots.rate:.0f} / {topics.rate:.0f}",
        f"{slots.p99:.0f} ms",
        str(shown),
        str(slots.failed + topics.failed),
    ]
    columns = ("of the topics list", "requests/s", "p99", "slots shown", "failed")
    note = (
        f"`script/bench slots`. A TA's free slots of {DAYS} days, gunicorn, {CLIENTS} clients, "
        "100,000 bookings in the table, PostgreSQL and Redis: rate over the topics list's. "
        "Wanted: at least 1."
    )
    yield Table("slots", "A TA's free times", note, columns, [row])
