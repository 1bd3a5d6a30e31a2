"""``script/storm [seconds]``: people at random, servers killed between, then the invariants.

On PostgreSQL and Redis (those of DATABASE_URL and REDIS_URL when set, else its own) with page
processes, a socket process and a worker apart; with ``--embedded`` on SQLite with one Daphne. Every
few seconds one of the processes is killed with -9 and started anew. Ends with 0 only when every
invariant holds, everything that was acknowledged is there, and nobody got a 500.
"""

import argparse
import json
import random
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from threading import Event, Thread

from bench.machine import SHAPES, Environment, Lacking, Machine, inside
from bench.people import sessions
from bench.storm.invariants import BROKEN
from bench.storm.people import Somebody

SIZE = "--students 60 --tas 12 --bookings 600 --messages 600"
CROWD = 24
KILL_EVERY = 8.0  # seconds
LONGEST = 3600
NEWEST = """
from scheduling.models import BookingEvent
newest = BookingEvent.objects.order_by("pk").last()
print(newest.pk if newest else 0)
"""
# Two hours are long for a storm: some of those who are offered a time have let them pass.
RUN_OUT = """
from django.utils import timezone
from scheduling.models import Offer
some = list(Offer.objects.open().order_by("?").values_list("pk", flat=True)[:3])
print(Offer.objects.filter(pk__in=some, status="open").update(expires_at=timezone.now()))
"""
WAITED = """
import json
from django.db.models import Count
from scheduling.models import Offer
print(json.dumps(dict(Offer.objects.values_list("status").annotate(Count("pk")))))
"""
DRAIN = """
import json
from setahub.core.work.worker import Worker
print(json.dumps(Worker().once()))
"""
CHECK = """
import json, sys
from django.db import connection
from datetime import datetime
from bench.storm.invariants import broken
from chat.models import Message
event, began, swept, names = json.loads(sys.stdin.read())
with connection.cursor() as cursor:
    found = broken(cursor, event, datetime.fromisoformat(began), datetime.fromisoformat(swept))
found = {name: [len(rows), rows[:5]] for name, rows in found.items()}
for start in range(0, len(names), 500):
    part = names[start : start + 500]
    there = {str(name) for name in Message.objects.filter(client_id__in=part).values_list("client_id", flat=True)}
    if lost := [name for name in part if name not in there]:
        found["what was acknowledged is stored"] = [len(lost), lost[:5]]
print(json.dumps(found))
"""


def main(seconds: int, shape: str) -> int:
    """The exit status."""
    with Machine() as machine:
        site = machine.site(shape, SIZE) | {"BOOKING_MIN_NOTICE": "0"}
        pages = machine.daphne(site) if shape == SHAPES[1] else machine.gunicorn(site, processes=2)
        sockets = pages if shape == SHAPES[1] else machine.daphne(site, "setahub.asgi:application")
        worker = machine.worker(site)
        since, began = int(inside(site, NEWEST)), datetime.now(UTC)
        crowd = people(site, pages, sockets)
        print(f"{len(crowd)} people for {seconds} s on {shape}", flush=True)
        killed = rage(machine, site, crowd, seconds, [pages, sockets, worker])
        machine.stop(worker)
        swept = datetime.now(UTC)
        inside(site, DRAIN)
        names = [name for each in crowd for name in each.acknowledged]
        found = check(site, since, began, swept, names)
        waited = inside(site, WAITED)
    return report(crowd, killed, found, waited)


def people(site: Environment, pages: int, sockets: int) -> list[Somebody]:
    """Students and TAs, half of each."""
    students = sessions(site, CROWD // 2, email_key__startswith="scale1-student")
    tas = sessions(site, CROWD // 2, email_key__startswith="scale1-ta")
    keys = students | tas
    return [Somebody(user, key, list(keys), pages, sockets) for user, key in keys.items()]


def rage(
    machine: Machine, site: Environment, crowd: list[Somebody], seconds: int, targets: list[int]
) -> int:
    """Let them live while one process after the other is killed, and time runs out for some who are
    offered one. How many were killed.
    """
    end, killed = Event(), 0
    threads = [Thread(target=each.live, args=[end], daemon=True) for each in crowd]
    for thread in threads:
        thread.start()
    late = time.monotonic() + seconds
    while (left := late - time.monotonic()) > 0:
        time.sleep(min(KILL_EVERY, left))
        if left > KILL_EVERY:
            machine.kill(random.choice(targets))  # noqa: S311  (no secret)
            killed += 1
            inside(site, RUN_OUT)
    end.set()
    for thread in threads:
        thread.join(timeout=60)
    if alive := sum(thread.is_alive() for thread in threads):
        sys.exit(f"storm: {alive} people still wait for an answer")
    return killed


def check(
    site: Environment, since: int, began: datetime, swept: datetime, names: list[str]
) -> dict[str, list[object]]:
    """The invariants that don't hold: by name, how often, and the first that break it."""
    found: dict[str, list[object]] = inside(
        site, CHECK, given=json.dumps([since, began.isoformat(), swept.isoformat(), names])
    )
    return found


def report(
    crowd: list[Somebody], killed: int, found: dict[str, list[object]], waited: dict[str, int]
) -> int:
    statuses = sum((each.statuses for each in crowd), Counter[str]())
    told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    acknowledged = sum(len(each.acknowledged) for each in crowd)
    print(f"answers: {told}; {acknowledged} messages acknowledged; {killed} processes killed")
    print("offers: " + ", ".join(f"{count} {status}" for status, count in sorted(waited.items())))
    broken = [line for each in crowd for line in each.broken]
    for line in broken[:20]:
        print(f"WRONG ANSWER  {line}")
    for name, (count, rows) in found.items():
        print(f"BROKEN  {name}: {count}, such as {rows}")
    if not statuses["302"] or not acknowledged:
        print("NOTHING HAPPENED: no form was taken or no message stored")
        return 1
    if broken or found:
        return 1
    print(f"all {len(BROKEN) + 1} invariants hold")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="script/storm")
    parser.add_argument("seconds", nargs="?", type=int, default=60)
    parser.add_argument("--embedded", action="store_true", help="on SQLite, without Redis")
    given = parser.parse_args()
    if not 1 <= given.seconds <= LONGEST:
        parser.error(f"seconds: 1 to {LONGEST}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main(given.seconds, SHAPES[1] if given.embedded else SHAPES[0]))
    except Lacking as lacking:
        sys.exit(f"storm: {lacking}")
