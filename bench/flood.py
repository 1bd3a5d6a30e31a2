"""One person's sockets that ask without end, and how long somebody else waits meanwhile."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from statistics import quantiles
from typing import Any

from bench.machine import SHAPES, SIZE, Machine, memory
from bench.people import sessions
from bench.report import Table
from bench.tab import Effort, Tab, open_tab

SOCKETS = 20
SECONDS = 10
PINGS_EVERY = 0.05  # seconds, by the person who waits
ROUNDS = 3
BATCH = 10  # frames that each socket of the flood sends at once
PADDING = "x" * 2000


def run(machine: Machine) -> Iterator[Table]:
    """p50 and p99 of another person's pong, idle and during the flood, in turns; and memory."""
    rows = []
    for shape in SHAPES:
        site = machine.site(shape, SIZE) | {"RATE_LIMITS": "on"}
        port = machine.daphne(site, "setahub.asgi:application")
        guilty, *others = sessions(
            site, 1 + 2 * ROUNDS, email_key__startswith="scale1-student"
        ).values()
        asyncio.run(waited(port, others[0]))  # warms up
        before, most = memory(machine.pid(port)), 0.0
        idle, busy, sent, ended, effort = list[float](), list[float](), 0, 0, Effort()
        for number in range(ROUNDS):
            idle += asyncio.run(waited(port, others[2 * number]))
            spent, frames, closed = asyncio.run(flooded(port, guilty, others[2 * number + 1]))
            busy += spent
            sent += frames
            ended += closed
            most = max(most, memory(machine.pid(port)))
        calm, flood = (quantiles(each, n=100) for each in (idle, busy))
        rows.append(
            [
                shape,
                f"{sent / (ROUNDS * SECONDS):,.0f}",
                str(ended),
                *(f"{each * 1000:.1f} ms" for each in (calm[49], flood[49], calm[98], flood[98])),
                f"{flood[49] / calm[49]:.1f}",
                f"{flood[98] / calm[98]:.1f}",
                f"{(most - before) / 1024:.0f} MB",
                f"{effort.share():.0%}",
            ]
        )
        machine.stop(port)
    note = (
        f"`script/bench flood`. {SOCKETS} sockets of one person ping as fast as they are read, each "
        "with 2 KB around it, and come back whenever they are closed; somebody else pings "
        f"{1 / PINGS_EVERY:.0f} times a second. Wanted: at most 3 times as long, at most 60 MB more."
    )
    columns = (
        "shape", "pings/s sent", "closed", "p50 idle", "p50 meanwhile", "p99 idle", "p99 meanwhile",
        "p50 over idle", "p99 over idle", "grown by", "generator's core",
    )  # fmt: skip
    yield Table("flood", "Somebody floods", note, columns, rows)


async def waited(port: int, key: str) -> list[float]:
    """Seconds that each of a person's pings waited for its pong."""
    spent: list[float] = []
    pong = asyncio.Event()

    def heard(frame: dict[str, Any]) -> None:
        if frame["type"] == "pong":
            pong.set()

    tab = await open_tab(port, "/ws/", key, heard)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pong.clear()
        began = time.perf_counter()
        tab.send({"type": "ping"})
        async with asyncio.timeout(60):
            await pong.wait()
        spent.append(time.perf_counter() - began)
        # Slower than its allowance in the long run; its burst carries the rest.
        await asyncio.sleep(PINGS_EVERY)
    tab.close()
    return spent


async def flooded(port: int, guilty: str, other: str) -> tuple[list[float], int, int]:
    """The same while another person floods: and how many frames that were, and how often closed."""
    sent = closed = 0

    async def flood() -> None:
        nonlocal sent, closed
        while True:
            lost = asyncio.Event()
            with suppress(OSError):
                tab: Tab = await open_tab(port, "/ws/", guilty, lambda frame: None, lost.set)
                while not lost.is_set():
                    for _frame in range(BATCH):
                        tab.send({"type": "ping", "padding": PADDING})
                    sent += BATCH
                    await tab.drained()
                closed += 1

    floods = [asyncio.create_task(flood()) for _socket in range(SOCKETS)]
    await asyncio.sleep(1)
    spent = await waited(port, other)
    for each in floods:
        each.cancel()
    await asyncio.gather(*floods, return_exceptions=True)
    return spent, sent, closed
