"""Two thousand people who come within five minutes: look at the dashboard, a topic, a time, and book.

They come by a Poisson process, read as long as people do, and each of their pages opens its socket.
BENCH_ARRIVALS chooses how many come within how many seconds, such as ``2000/300,2000/120``: one
measurement after the other, to see where the machine ends.
"""

import asyncio
import html
import http.client
import json
import os
import random
import re
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from bench.load import mixed
from bench.machine import Environment, Machine, inside
from bench.people import sessions
from bench.report import Table
from bench.storm.invariants import BROKEN
from bench.tab import Effort, Tab, open_tab
from bench.university import university

PACES = os.environ.get("BENCH_ARRIVALS", "2000/300")
# Seconds for which half of all people stay on a page; the others up to several times as long.
STAY = {"dashboard": 5.0, "topic": 8.0, "time": 15.0}
SPREAD = 0.6  # of the logarithm
LOOKS = 5  # topics, and times, that somebody tries before they give up
SOON = 12  # of a topic's times, those among which people choose
PATIENCE = 30  # seconds for an answer
AT_ONCE = 200  # requests on their way
WARM, WARM_UP = 16, 4  # clients, and seconds
TOKEN = "x" * 32
PAGES = ("dashboard", "topic", "time", "booking")
# Of all that must hold, what a crowd of bookers could break.
SEATS = (
    "a slot has no more taken and held seats than it has",
    "a slot counts its active bookings rightly",
    "nobody has two seats in one slot",
    "an active booking commits exactly its two people",
    "nobody is in two places at once",
)
CHECK = """
import json, sys
from django.db import connection
found = {}
with connection.cursor() as cursor:
    for name, sql in json.loads(sys.stdin.read()).items():
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS rows")
        found[name] = cursor.fetchone()[0]
print(json.dumps(found))
"""
MADE = """
from scheduling.models import BookingEvent
print(BookingEvent.objects.filter(kind="made").count())
"""


@dataclass
class Seen:
    """What the crowd met: seconds by the kind of page, what became of people, what broke."""

    spent: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def p99(self, page: str) -> str:
        spent = (
            self.spent[page] if page else [each for part in self.spent.values() for each in part]
        )
        return f"{quantiles(spent, n=100)[98] * 1000:.0f} ms" if len(spent) > 1 else "–"


def run(machine: Machine) -> Iterator[Table]:
    """Each pace, on one site in the production shape: proxy, gunicorn × 2, Daphne, worker."""
    # Whoever comes may have bookings of an earlier run.
    site = university(machine) | {"MAX_ACTIVE_BOOKINGS": "100"}
    sockets = machine.daphne(site, "setahub.asgi:application")
    pages = machine.gunicorn(site, processes=2)
    machine.worker(site)
    proxied = shutil.which("caddy") is not None
    doors = (machine.proxy(site, pages, sockets),) * 2 if proxied else (pages, sockets)
    first = list(sessions(site, WARM, email_key__startswith="scale1-student").values())
    mixed(doors[0], ("/", "/topics/"), first, WARM, WARM_UP)
    rows = []
    for pace in PACES.split(","):
        people, seconds = map(int, pace.split("/"))
        keys = sessions(site, people, email_key__startswith="scale1-student")
        before, busy, effort, began = inside(site, MADE), _busy(), Effort(), time.monotonic()
        seen = asyncio.run(_crowd(doors, list(keys.values()), seconds))
        share, own, took = (_busy() - busy).share(), effort.share(), time.monotonic() - began
        each = (share * (os.cpu_count() or 1) - own) * took / len(keys)
        booked, wrong = inside(site, MADE) - before, _wrong(site)
        rows.append(_row(seen, len(keys), seconds, booked, wrong, (share, own, each)))
        for what, count in seen.broken.most_common(5):
            print(f"{count} × {what}", flush=True)
    columns = (
        "people", "within", "booked", "found no time", "lost one to others", "booked twice",
        "pages", "p50", "p99", *(f"p99 of {page}" for page in PAGES), "failed",
        "machine busy", "generator's core", "processor for each",
    )  # fmt: skip
    through = "Caddy" if proxied else "no proxy"
    note = (
        "`script/bench arrivals`. So many people come within so many seconds, by a Poisson process; "
        "each opens the dashboard, a topic, a time, and books it, with the pauses of people between, "
        f"and a socket for each page; {through}, gunicorn × 2, Daphne, a worker, PostgreSQL, Redis, "
        "500 TAs, 100,000 bookings, all on this machine and the crowd too. Booked twice: rows that "
        "break one of five invariants of seats and of time. Wanted: none failed, none booked twice, "
        "p99 under 1000 ms. Processor for each: what all of the machine's processes but the crowd's "
        "took, over the people."
    )
    yield Table("arrivals", "A crowd that comes to book", note, columns, rows)


def _row(
    seen: Seen, people: int, seconds: int, booked: int, wrong: int, used: tuple[float, float, float]
) -> list[str]:
    """``used``: the machine's share at work, the generator's core, seconds of processor for each."""
    if booked != seen.ends["booked"]:
        seen.broken[f"{seen.ends['booked']} were told that they booked, {booked} did"] += 1
    spent = [each for part in seen.spent.values() for each in part]
    return [
        f"{people:,}", f"{seconds} s", str(booked), str(seen.ends["found none"]),
        str(seen.ends["lost one"]), str(wrong), f"{len(spent):,}",
        f"{median(spent) * 1000:.0f} ms", seen.p99(""), *(seen.p99(page) for page in PAGES),
        str(sum(seen.broken.values())), f"{used[0]:.0%}", f"{used[1]:.0%}",
        f"{used[2] * 1000:.0f} ms",
    ]  # fmt: skip


def _wrong(site: Environment) -> int:
    """Rows that break what must hold of seats and of time."""
    asked = json.dumps({name: BROKEN[name] for name in SEATS})
    found: dict[str, int] = inside(site, CHECK, given=asked)
    return sum(found.values())


async def _crowd(doors: tuple[int, int], keys: list[str], seconds: int) -> Seen:
    """All of them, until the last one has gone."""
    seen, chance = Seen(), random.Random(len(keys))  # noqa: S311  (no secret)
    coming = list[asyncio.Task[None]]()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="browser") as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        for number, key in enumerate(keys):
            somebody = Somebody(doors, key, seen, random.Random(number))  # noqa: S311
            coming.append(asyncio.create_task(somebody.visit()))
            await asyncio.sleep(chance.expovariate(len(keys) / seconds))
        await asyncio.gather(*coming)
    return seen


class Gone(Exception):
    """Nothing more to do here: why, in a word."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    location: str


class Somebody:
    """One person with a browser, who wants a time on any topic. ``doors``: of pages, of sockets."""

    def __init__(self, doors: tuple[int, int], key: str, seen: Seen, chance: random.Random) -> None:
        self._pages, self._sockets = doors
        self._key, self._seen, self._chance = key, seen, chance
        self._tab: Tab | None = None

    async def visit(self) -> None:
        """From the dashboard to a booking; how it ended is counted."""
        try:
            await self._book()
            end = "booked"
        except Gone as gone:
            end = str(gone)
        self._seen.ends[end] += 1
        if self._tab is not None:
            self._tab.close()

    async def _book(self) -> None:
        dashboard = await self._open("dashboard", "/")
        await self._stay("dashboard")
        topics = _found(r'href="(/topics/(?!new/)[a-z0-9-]+/)"', dashboard.text)
        for topic in self._some(topics):
            page = await self._open("topic", topic)
            await self._stay("topic")
            times = _found(r'href="(/bookings/new/\?slot=\d+[^"]*)"', page.text)[:SOON]
            if times:
                return await self._take(self._chance.choice(times))
        raise Gone("found none")

    async def _take(self, path: str) -> None:
        """Look at the time and book it; where others were faster, one that is offered instead."""
        page = await self._open("time", path, {200, 409})
        for _time in range(LOOKS):
            await self._stay("time")
            form = _form(page.text)
            if form is None:  # taken before it was looked at: the page names others
                self._seen.ends["lost one"] += 1
                others = _found(r'href="(/bookings/new/\?slot=\d+[^"]*)"', page.text)
                if not others:
                    break
                page = await self._open("time", self._chance.choice(others), {200, 409})
                continue
            if "slot" not in form:
                form["slot"] = self._chance.choice(_found(r'name="slot" value="(\d+)"', page.text))
            form |= {"question": "How do I begin?", "csrfmiddlewaretoken": TOKEN}
            page = await self._ask("booking", "POST", "/bookings/new/", form)
            if page.status == http.client.FOUND:
                await self._open("booked", page.location)
                return
            if page.status != http.client.CONFLICT:
                raise self._broken(f"POST /bookings/new/ answers {page.status}")
            self._seen.ends["lost one"] += 1
        raise Gone("found none")

    async def _open(self, kind: str, path: str, fine: set[int] | None = None) -> Answer:
        """A page, and the socket that it opens."""
        answer = await self._ask(kind, "GET", path)
        if answer.status not in (fine or {200}):
            raise self._broken(f"{kind} answers {answer.status}")
        if self._tab is not None:
            self._tab.close()
        try:
            self._tab = await open_tab(self._sockets, "/ws/", self._key, lambda frame: None)
        except (OSError, TimeoutError) as error:
            self._seen.broken[f"a socket: {error or type(error).__name__}"] += 1
            self._tab = None
        return answer

    async def _ask(
        self, kind: str, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            spent, answer = await asyncio.to_thread(self._fetch, method, path, form)
        except OSError as error:
            raise self._broken(f"{kind}: {type(error).__name__}") from error
        self._seen.spent[kind].append(spent)
        return answer

    def _fetch(
        self, method: str, path: str, form: Mapping[str, str] | None
    ) -> tuple[float, Answer]:
        headers = {"Cookie": f"sessionid={self._key}; csrftoken={TOKEN}"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._pages, timeout=PATIENCE)
        began = time.perf_counter()
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        location = response.headers.get("Location", "")
        return time.perf_counter() - began, Answer(response.status, text, location)

    async def _stay(self, page: str) -> None:
        """As long as people do: half of them shorter than STAY, few very long."""
        await asyncio.sleep(STAY[page] * self._chance.lognormvariate(0, SPREAD))

    def _some(self, topics: list[str]) -> list[str]:
        return self._chance.sample(topics, min(LOOKS, len(topics)))

    def _broken(self, what: str) -> Gone:
        self._seen.broken[what] += 1
        return Gone("broken")


def _found(pattern: str, text: str) -> list[str]:
    """What is found of it, each once."""
    return list(dict.fromkeys(html.unescape(each) for each in re.findall(pattern, text)))


def _form(text: str) -> dict[str, str] | None:
    """The hidden fields of the booking form, and its first topic; None where there is no form."""
    found = re.search(r'<form class="card form"(.*?)</form>', text, re.DOTALL)
    if not found:
        return None
    fields = re.findall(r'<input[^>]*name="(\w+)"\s+value="([^"]*)"', found[1])
    return {name: html.unescape(value) for name, value in reversed(fields)}


class _Busy:
    """Ticks of all cores since the machine started: at work, and in all."""

    def __init__(self, work: float, whole: float) -> None:
        self._work, self._whole = work, whole

    def __sub__(self, before: "_Busy") -> "_Busy":
        return _Busy(self._work - before._work, self._whole - before._whole)

    def share(self) -> float:
        return self._work / self._whole


def _busy() -> _Busy:
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return _Busy(sum(ticks) - ticks[3] - ticks[4], sum(ticks))
