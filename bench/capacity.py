"""The most messages a second that one WebSocket process stores, over the most that it carries."""

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.machine import SHAPES, SIZE, Machine
from bench.people import sessions
from bench.report import Table
from bench.tab import Effort, Tab, open_tab

PAIRS = 25
WARM_UP = 1.0  # seconds
SECONDS = 8.0
ROUNDS = 3


@dataclass(frozen=True)
class Rate:
    """Messages a second, pairs that waited in vain, and the generator's share of a core."""

    messages: float
    stuck: int
    effort: float


class Pair:
    """A student who sends to a TA, again as soon as it is stored and has come."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.done = 0
        self.over = False
        self.sender: Tab | None = None
        self._current = ""
        self._missing = set[str]()

    def send(self) -> None:
        assert self.sender is not None  # noqa: S101  (for the type checker)
        self._current, self._missing = str(uuid.uuid4()), {"message.ack", "message"}
        frame = {"type": "message.send", "to": self.to, "client_id": self._current}
        self.sender.send(frame | {"text": "Hello there"})

    def answered(self, frame: dict[str, Any]) -> None:
        """What the sender's socket gets: the acknowledgement counts, its own copy does not."""
        if frame["type"] == "error":
            raise RuntimeError(frame["detail"])
        if frame["type"] == "message.ack":
            self._note(frame)

    def came(self, frame: dict[str, Any]) -> None:
        """What the other one's socket gets."""
        if frame["type"] == "message":
            self._note(frame)

    def _note(self, frame: dict[str, Any]) -> None:
        if frame["client_id"] != self._current:
            return
        self._missing.discard(frame["type"])
        if not self._missing:
            self._current = ""
            self.done += 1
            if not self.over:
                self.send()


def run(machine: Machine) -> Iterator[Table]:
    """One Daphne on PostgreSQL and Redis; the same socket with and without storing, in turns."""
    site = machine.site(SHAPES[0], SIZE)
    students = sessions(site, PAIRS, email_key__startswith="scale1-student")
    tas = sessions(site, PAIRS, email_key__startswith="scale1-ta")
    port = machine.daphne(site)
    stored, unstored = [], []
    for _round in range(ROUNDS):
        unstored.append(asyncio.run(_rate(port, students, tas, store=False)))
        stored.append(asyncio.run(_rate(port, students, tas, store=True)))
    most = median(rate.messages for rate in stored)
    carried = median(rate.messages for rate in unstored)
    row = [
        f"{most / carried:.0%}",
        f"{most:.0f}",
        f"{carried:.0f}",
        str(sum(rate.stuck for rate in [*stored, *unstored])),
        f"{max(rate.effort for rate in [*stored, *unstored]):.0%}",
    ]
    columns = ("share", "stored/s", "without storing/s", "stuck", "generator's core")
    note = (
        f"`script/bench capacity`. {PAIRS} pairs with one message each on its way, one Daphne, "
        "PostgreSQL and Redis; without storing, the same socket and channel layer carry the same "
        "frames. Stuck: pairs for whom one did not come. Wanted: at least 400 stored, 30 %."
    )
    yield Table("capacity", "The most messages of one process", note, columns, [row])


async def _rate(
    port: int, students: Mapping[int, str], tas: Mapping[int, str], *, store: bool
) -> Rate:
    pairs, tabs = [], []
    for (student, key), (ta, ta_key) in zip(students.items(), tas.items(), strict=True):
        pair = Pair(ta)
        pair.sender = await _joined(port, student, key, pair.answered, store)
        tabs += [pair.sender, await _joined(port, ta, ta_key, pair.came, store)]
        pairs.append(pair)
    for pair in pairs:
        pair.send()
    await asyncio.sleep(WARM_UP)
    before, effort = [pair.done for pair in pairs], Effort()
    await asyncio.sleep(SECONDS)
    done = [pair.done - count for pair, count in zip(pairs, before, strict=True)]
    share = effort.share()
    for pair in pairs:
        pair.over = True
    await asyncio.sleep(WARM_UP)  # for what is still on its way
    for tab in tabs:
        tab.close()
    return Rate(sum(done) / SECONDS, done.count(0), share)


async def _joined(port: int, user: int, key: str, heard: Any, store: bool) -> Tab:
    """A tab that gets what is told to this user from now on."""
    there = asyncio.Event()
    path = "/ws/" if store else f"/bench/unstored/{user}/"
    tab = await open_tab(port, path, key, lambda frame: there.set())
    tab.send({"type": "ping"})
    await asyncio.wait_for(there.wait(), 10)
    tab.heard = heard
    return tab
