"""What twenty thousand mixed requests leave in a process: pages, refusals, uploads, sockets.

BENCH_MEMORY_REQUESTS makes it smaller.
"""

import http.client
import json
import os
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import connect
from websockets.typing import Origin

from bench.machine import SHAPES, SIZE, Environment, Machine, children, inside, memory
from bench.people import sessions
from bench.pictures import form_with, picture
from bench.report import Table

REQUESTS = int(os.environ.get("BENCH_MEMORY_REQUESTS", "20000"))
FIRST = 2000  # after which all is loaded, and every pool is full
SERVERS = ("gunicorn × 1, PostgreSQL + Redis", "Daphne, embedded")
SITE = "setahub.asgi:application"
PEOPLE = 60
THREADS = 4
TOKEN = "x" * 32
WRONG = {"login": "ta@example.com", "password": "not this"}
FORM = "application/x-www-form-urlencoded"

# What there is to ask for and to be refused, for each of the people.
THINGS = """
import json, sys
from django.db.models import F
from django.utils import timezone
from scheduling.models import Booking, TimeSlot
from topics.models import Topic
now = timezone.now()
taken = TimeSlot.objects.filter(taken=F("capacity"), starts_at__gt=now).order_by("starts_at")[:40]
free = TimeSlot.objects.free().with_ta().soonest()[:200]
def slot(each):
    topic = each.appointment.topics.first()
    return {"slot": each.pk, "ta": each.appointment.ta_id, "topic": topic.pk, "slug": topic.slug}
found = []
for number, person in enumerate(json.loads(sys.argv[1])):
    own = Booking.objects.of(person).upcoming(now).first()
    other = Booking.objects.exclude(student=person).exclude(ta=person).filter(pk__gt=number).first()
    found.append({
        "taken": slot(taken[number % len(taken)]), "free": slot(free[number % len(free)]),
        "own": own and own.pk, "other": other.pk, "topic": Topic.objects.first().name,
    })
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Sent:
    """A request: what is sent, and how long it claims to be where that is not true."""

    method: str
    path: str
    form: dict[str, Any] | None = None
    picture: tuple[str, bytes] | None = None  # the field, and the file
    claims: int = 0
    signed_in: bool = True


class Visitor:
    """One person with a session and a connection that stays."""

    def __init__(self, port: int, user: int, key: str, things: dict[str, Any]) -> None:
        self.port, self.user, self.key, self.things = port, user, key, things
        self.chance = Random(user)  # noqa: S311  (no secret)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, sent: Sent) -> str:
        """The status of the answer."""
        key = self.key if sent.signed_in else ""
        body, headers = b"", {"Cookie": f"sessionid={key}; csrftoken={TOKEN}"}
        if sent.form is not None:
            fields = {**sent.form, "csrfmiddlewaretoken": TOKEN, "form_key": uuid.uuid4().hex}
            body, headers["Content-Type"] = urlencode(fields).encode(), FORM
            if sent.picture:
                body, headers["Content-Type"] = form_with(fields, *sent.picture)
        if sent.claims:
            headers["Content-Length"] = str(sent.claims)
        self._connection.request(sent.method, sent.path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        if sent.claims:
            self._connection.close()
        return str(answer.status)

    def talk(self) -> str:
        """Open a socket, say something sensible and something else, and go."""
        with connect(
            f"ws://127.0.0.1:{self.port}/ws/",
            origin=Origin(f"http://127.0.0.1:{self.port}"),
            additional_headers={"Cookie": f"sessionid={self.key}"},
            open_timeout=60,
            close_timeout=60,
        ) as socket:
            socket.send(json.dumps({"type": "watch", "with": self.things["free"]["ta"]}))
            socket.send("nonsense")
            socket.send(json.dumps({"type": "ping"}))
            while json.loads(socket.recv(timeout=60))["type"] != "pong":
                pass
        return "a socket"


Act = Callable[[Visitor], Sent]
SMALL = picture(320, 240)


def pages() -> list[Act]:
    """What people look at."""
    return [
        lambda one: Sent("GET", "/"),
        lambda one: Sent("GET", "/topics/"),
        lambda one: Sent("GET", f"/topics/?q={one.chance.choice('abcdefghij')}"),
        lambda one: Sent("GET", f"/topics/{one.things['free']['slug']}/"),
        lambda one: Sent("GET", f"/users/{one.things['free']['ta']}/timeslots/"),
        lambda one: Sent("GET", f"/users/{one.things['free']['ta']}/"),
        lambda one: Sent("GET", "/bookings/"),
        lambda one: Sent("GET", f"/bookings/{one.things['own'] or one.things['other']}/"),
        lambda one: Sent("GET", "/appointments/"),
        lambda one: Sent("GET", "/messages/"),
        lambda one: Sent("GET", f"/messages/{one.things['free']['ta']}/"),
        lambda one: Sent("GET", "/notifications/"),
        lambda one: Sent("GET", "/users/me/edit/"),
    ]


def refused() -> list[Act]:
    """What the site says no to, with every code that it has."""
    return [
        lambda one: Sent("POST", f"/bookings/{one.things['other']}/complete/", {}),  # 403, 404
        lambda one: Sent("POST", "/appointments/new/"),  # 403: no token
        lambda one: Sent("GET", f"/nowhere/{one.chance.random()}/"),  # 404
        lambda one: Sent("GET", f"/bookings/{one.chance.randint(10**6, 10**9)}/"),
        lambda one: Sent("GET", f"/topics/{uuid.uuid4()}/"),
        lambda one: Sent("PUT", "/bookings/", {}),  # 405
        lambda one: Sent("GET", f"/topics/{one.things['free']['slug']}/register/"),
        lambda one: Sent("POST", "/bookings/new/", booking(one, "taken")),  # 409
        lambda one: Sent("GET", place(one, "taken")),
        lambda one: Sent("POST", "/bookings/new/", {}, claims=9 * 1024 * 1024),  # 413
        lambda one: Sent("POST", "/bookings/new/", booking(one, "free", "")),  # 422
        lambda one: Sent("POST", "/users/me/edit/", {"username": f"<{one.chance.random()}>"}),
        lambda one: Sent("POST", "/topics/new/", {"name": one.things["topic"]}),
        lambda one: Sent("POST", f"/messages/{one.things['free']['ta']}/", {"text": ""}),
        lambda one: Sent("POST", "/auth/login/", WRONG, signed_in=False),  # 429
        lambda one: Sent("POST", "/appointments/new/", {"date": str(one.chance.random())}),
    ]


def uploads() -> list[Act]:
    """Pictures: some that are taken, one that is none."""
    no = b"\xff\xd8\xff this is no picture"
    return [
        lambda one: Sent(
            "POST", f"/messages/{one.things['free']['ta']}/", {"text": "Look"}, ("image", SMALL)
        ),
        lambda one: Sent("POST", "/users/me/avatar/", {}, ("avatar", SMALL)),
        lambda one: Sent("POST", "/users/me/avatar/", {}, ("avatar", no)),
    ]


def booking(one: Visitor, which: str, question: str = "Why?") -> dict[str, Any]:
    place = one.things[which]
    return {"slot": place["slot"], "topic": place["topic"], "question": question}


def place(one: Visitor, which: str) -> str:
    found = one.things[which]
    return f"/bookings/new/?slot={found['slot']}&topic={found['slug']}"


def run(machine: Machine) -> Iterator[Table]:
    """Resident memory after the first requests and after all, of a page process and of a Daphne."""
    sites = [machine.site(shape, SIZE) | {"RATE_LIMITS": "on"} for shape in SHAPES]
    pages, all_in_one = machine.gunicorn(sites[0]), machine.daphne(sites[1], SITE)
    crowds = [visitors(*each) for each in zip(sites, (pages, all_in_one), strict=True)]
    pids = children(machine.pid(pages))[0], machine.pid(all_in_one)
    with ThreadPoolExecutor() as both:  # memory does not mind that they share the processor
        rows = both.map(measured, SERVERS, crowds, pids)
    note = (
        f"`script/bench memory`. {REQUESTS:,} requests of {PEOPLE} people, {THREADS} at once, by "
        "chance: pages, refusals, forms with mistakes, pictures, and with Daphne sockets that come "
        f"and go. Resident memory of the process after the first {FIRST:,} and each as many more. "
        f"Wanted: grown by at most 30 MB since the first {FIRST:,}."
    )
    columns = ("server", "answers", "MB in the course of it", "grown by")
    yield Table("memory", "What requests leave behind", note, columns, list(rows))


def measured(server: str, crowd: Sequence[Visitor], pid: int) -> list[str]:
    """A row: how memory went while the crowd asked."""
    answers, course = Counter[str](), list[float]()
    for _part in range(max(2, REQUESTS // FIRST)):
        answers += visit(crowd, FIRST, server == SERVERS[1])
        course.append(memory(pid) / 1024)
        print(f"{server}: {course[-1]:.0f} MB", file=sys.stderr, flush=True)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))
    shown = ", ".join(f"{each:.0f}" for each in course)
    return [server, told, shown, f"{course[-1] - course[0]:.0f} MB"]


def visitors(site: Environment, port: int) -> list[Visitor]:
    keys = sessions(site, PEOPLE, email_key__startswith="scale1-student")
    things = inside(site, THINGS, json.dumps(list(keys)))
    pairs = zip(keys.items(), things, strict=True)
    return [Visitor(port, user, key, found) for (user, key), found in pairs]


def visit(crowd: Sequence[Visitor], requests: int, sockets: bool) -> Counter[str]:
    """So many requests by chance, by all of them in turns; how often each answer came."""

    def share(number: int) -> Counter[str]:
        own, answers = crowd[number::THREADS], Counter[str]()
        kinds = [pages()] * 60 + [refused()] * 33 + [uploads()] * 2
        for turn in range(requests // THREADS):
            one = own[turn % len(own)]
            if sockets and one.chance.random() < 0.05:
                answers[one.talk()] += 1
            else:
                answers[one.ask(one.chance.choice(one.chance.choice(kinds))(one))] += 1
        return answers

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(share, range(THREADS)), Counter[str]())
