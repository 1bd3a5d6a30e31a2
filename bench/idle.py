"""Ten thousand open pages that do nothing: whether they stay, and what each one costs.

BENCH_IDLE_SOCKETS and BENCH_IDLE_SECONDS make it smaller or longer.
"""

import asyncio
import os
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.machine import SHAPES, Lacking, Machine, memory
from bench.people import sessions
from bench.report import Table
from bench.tab import Effort, Tab, open_tab

SOCKETS = int(os.environ.get("BENCH_IDLE_SOCKETS", "10000"))
SECONDS = float(os.environ.get("BENCH_IDLE_SECONDS", "300"))
PROCESSES = 2
PEOPLE = 2000
SIZE = f"--students {PEOPLE} --tas 25 --bookings 2000"
PING_EVERY = 25.0  # seconds, as in static/js/socket.js
ANSWER_WITHIN = 10.0  # after which a browser takes the connection for dead
AT_ONCE = 100  # sockets that are being opened
FILES = 200  # that a process has open anyway


class Idle:
    """A page that nobody looks at: it pings, and notes when it is answered."""

    def __init__(self, beats: list[float]) -> None:
        self.beats = beats  # seconds that answers took, of all pages
        self.dropped = False
        self.tab: Tab | None = None
        self.live = asyncio.Event()
        self._asked = 0.0

    async def open(self, port: int, key: str) -> None:
        self.tab = await open_tab(port, "/ws/", key, self._heard, self._lost)
        self._ping()
        await asyncio.wait_for(self.live.wait(), 60)

    def close(self) -> None:
        if self.tab is not None:
            self.tab.close()
        self.dropped = True

    def waits(self) -> float:
        """Seconds since a ping that has no answer yet; 0 when there is none."""
        return time.perf_counter() - self._asked if self._asked else 0.0

    def _ping(self) -> None:
        if self.dropped or self.tab is None:
            return
        if not self._asked:
            self._asked = time.perf_counter()
            self.tab.send({"type": "ping"})
        asyncio.get_running_loop().call_later(PING_EVERY, self._ping)

    def _heard(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "pong":
            self.beats.append(time.perf_counter() - self._asked)
            self._asked = 0.0
            self.live.set()

    def _lost(self) -> None:
        self.dropped = True


def run(machine: Machine) -> Iterator[Table]:
    """Sockets on two Daphne processes: dropped ones, memory of each, and how pings are answered."""
    _allow_files()
    site = machine.site(SHAPES[0], SIZE)
    keys = list(sessions(site, PEOPLE, email_key__startswith="scale1-student").values())
    ports = [machine.daphne(site, "setahub.asgi:application") for _process in range(PROCESSES)]
    yield asyncio.run(_held(ports, keys, [machine.pid(port) for port in ports]))


def _allow_files() -> None:
    """Let this process, and those that it starts, have so many sockets."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < SOCKETS + FILES:
        raise Lacking(f"{SOCKETS} sockets need as many open files: ulimit -Hn {SOCKETS + FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(SOCKETS + FILES, _soft), hard))


async def _held(ports: Sequence[int], keys: Sequence[str], pids: Sequence[int]) -> Table:
    beats: list[float] = []
    # What is loaded with the first socket is no part of the others.
    for page in await _opened(ports, keys, 4 * PROCESSES, []):
        page.close()
    await asyncio.sleep(1)
    empty = sum(memory(pid) for pid in pids)
    began = time.perf_counter()
    pages = await _opened(ports, keys, SOCKETS, beats)
    opening = time.perf_counter() - began
    beats.clear()
    effort, busy = Effort(), sum(_processor(pid) for pid in pids)
    await asyncio.sleep(SECONDS)
    share = (sum(_processor(pid) for pid in pids) - busy) / SECONDS
    own = effort.share()
    each = (sum(memory(pid) for pid in pids) - empty) / SOCKETS
    waits = [page.waits() for page in pages if not page.dropped]
    beats += [wait for wait in waits if wait > ANSWER_WITHIN]
    row = [
        f"{SOCKETS:,}",
        f"{SECONDS:.0f} s",
        str(sum(page.dropped for page in pages)),
        f"{each:.1f} KB",
        f"{quantiles(beats, n=100)[98] * 1000:.0f} ms" if len(beats) > 1 else "none sent",
        str(sum(beat > ANSWER_WITHIN for beat in beats)),
        f"{share:.2f}",
        f"{own:.2f}",
        f"{opening:.0f} s",
    ]
    columns = (
        "sockets", "held for", "dropped", "memory of each", "p99 of a ping", "late pings",
        "servers' cores", "generator's core", "opened in",
    )  # fmt: skip
    note = (
        f"`script/bench idle`. Sockets of {PEOPLE} people on {PROCESSES} Daphne processes, each "
        f"pinging every {PING_EVERY:.0f} s as a browser does; memory is what the processes have "
        f"grown by. Late: after {ANSWER_WITHIN:.0f} s, when a browser connects anew. "
        "Wanted: none dropped, at most 45 KB each."
    )
    return Table("idle", "Open pages that do nothing", note, columns, [row])


async def _opened(
    ports: Sequence[int], keys: Sequence[str], count: int, beats: list[float]
) -> list[Idle]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def opened(number: int) -> Idle:
        page = Idle(beats)
        async with gate:
            try:
                await page.open(ports[number % len(ports)], keys[number // len(ports) % len(keys)])
            except OSError:  # refused, cut off, or not answered in time
                page.dropped = True
        return page

    return list(await asyncio.gather(*(opened(number) for number in range(count))))


def _processor(pid: int) -> float:
    """Seconds that a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
