"""Fifty students who want the same time at once, through HTTP."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

from bench.machine import SHAPES, SIZE, Machine, inside
from bench.people import sessions
from bench.report import Table

ATTEMPTS = 50
TOKEN = "x" * 32
SLOTS = """
import json
from scheduling.models import TimeSlot
from topics.models import Registration
found = []
for slot in TimeSlot.objects.free().with_ta().soonest()[200:203]:
    topic = slot.appointment.topics.first()
    found.append([slot.pk, topic.pk, slot.seats_left])
print(json.dumps(found))
"""


def run(machine: Machine) -> Iterator[Table]:
    """Slots one after the other, on both shapes: who got a seat, and how long it took."""
    rows = []
    for shape in SHAPES:
        site = machine.site(shape, SIZE)
        keys = list(sessions(site, ATTEMPTS, email_key__startswith="scale1-student").values())
        servers = {"one Daphne": machine.daphne(site)}
        if shape == SHAPES[0]:  # pages as in production
            servers["gunicorn × 2"] = machine.gunicorn(site, processes=2)
        for server, port in servers.items():
            for slot, topic, seats in inside(site, SLOTS):
                answers, spent = _attempts(port, keys, slot, topic)
                told = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))
                # Of fifty, the slowest is the 99th percentile.
                slowest = f"{spent[-1]:.2f} s"
                rows.append([shape, server, str(seats), str(answers[302]), told, slowest])
    columns = ("shape", "server", "seats", "booked", "answers", "p99")
    note = f"`script/bench race`. {ATTEMPTS} students have one slot's page open and send its form at the same moment."
    yield Table("race", "One slot, many at once", note, columns, rows)


def _attempts(
    port: int, keys: list[str], slot: int, topic: int
) -> tuple[Counter[int], list[float]]:
    start, answers, spent = threading.Barrier(len(keys)), Counter[int](), []
    body = urlencode(
        {"slot": slot, "topic": topic, "question": "Why?", "csrfmiddlewaretoken": TOKEN}
    )

    def attempt(key: str) -> None:
        headers = {
            "Cookie": f"sessionid={key}; csrftoken={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        # As one does: see the time, and press.
        connection.request("GET", f"/bookings/new/?slot={slot}&topic={topic}", headers=headers)
        if connection.getresponse().read() and connection.sock is None:
            connection.connect()
        start.wait()
        began = time.perf_counter()
        connection.request("POST", "/bookings/new/", body, headers)
        status = connection.getresponse().status
        spent.append(time.perf_counter() - began)
        answers[status] += 1

    threads = [threading.Thread(target=attempt, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, sorted(spent)
