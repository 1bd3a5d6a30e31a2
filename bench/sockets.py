"""Messages from browser to browser against a bare Channels echo in the same process."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from statistics import median, quantiles
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from bench.machine import SHAPES, SIZE, Machine
from bench.people import sessions
from bench.report import Table
from bench.tab import Effort

PAIRS = 25
PACE = 1.0  # seconds between two messages of one socket: 50 a second in all
SECONDS = 8
LATEST = 30  # seconds that messages may be late before they count as not live
ROUNDS = 5


def run(machine: Machine) -> Iterator[Table]:
    """Fifty sockets, fifty messages a second: p99 until the other one has it."""
    rows = []
    for shape in SHAPES:
        site = machine.site(shape, SIZE)
        students = sessions(site, PAIRS, email_key__startswith="scale1-student")
        tas = sessions(site, PAIRS, email_key__startswith="scale1-ta")
        port = machine.daphne(site)
        floor: list[float] = []
        stored: list[float] = []
        missed, effort = 0, Effort()
        for _round in range(ROUNDS):
            floor.append(asyncio.run(_echo(port)))
            p99, late = asyncio.run(messages(port, students, tas))
            stored.append(p99)
            missed += late
        ratio = median(stored) / median(floor)
        rows.append(
            [
                shape,
                f"{ratio:.1f}",
                f"{median(stored):.1f} ms",
                f"{median(floor):.1f} ms",
                str(missed),
                f"{effort.share():.0%}",
            ]
        )
    note = (
        "`script/bench sockets`. 50 sockets, 50 messages a second, each stored and shown to the "
        "other; over a bare echo of the same frames in the same process. p99. "
        "Not live: frames that did not come, whose messages a page would fetch. "
        "Wanted: at most 3, embedded 4."
    )
    columns = ("shape", "over the echo", "message", "echo", "not live", "generator's core")
    yield Table("sockets", "A message", note, columns, rows)


def _open(port: int, path: str, key: str = "") -> Any:
    headers = {"Cookie": f"sessionid={key}"} if key else {}
    origin: Any = f"http://127.0.0.1:{port}"
    return connect(
        f"ws://127.0.0.1:{port}{path}", origin=origin, additional_headers=headers, open_timeout=30
    )


async def _until(done: Callable[[], bool]) -> None:
    """Wait for what a busy machine has not delivered yet, at most LATEST seconds."""
    late = time.monotonic() + LATEST
    while not done() and time.monotonic() < late:
        await asyncio.sleep(0.1)


def _p99(spent: list[float]) -> float:
    return quantiles(spent, n=100)[98] * 1000


async def _echo(port: int) -> float:
    spent: list[float] = []

    async def one(number: int) -> None:
        async with _open(port, "/bench/echo/") as socket:
            await asyncio.sleep(PACE * number / (2 * PAIRS))
            for _time in range(int(SECONDS / PACE)):
                began = time.perf_counter()
                await socket.send(json.dumps(_frame(number)))
                await socket.recv()
                took = time.perf_counter() - began
                spent.append(took)
                await asyncio.sleep(max(0.0, PACE - took))

    await asyncio.gather(*(one(number) for number in range(2 * PAIRS)))
    return _p99(spent)


def _frame(to: int) -> dict[str, Any]:
    return {"type": "message.send", "to": to, "client_id": str(uuid.uuid4()), "text": "Hello there"}


async def messages(
    port: int, students: Mapping[int, str], tas: Mapping[int, str]
) -> tuple[float, int]:
    """p99 in milliseconds until the other socket has a message, and how many did not come."""
    sent: dict[str, float] = {}
    spent: list[float] = []
    pairs = [*zip(students, tas, strict=True)]
    pairs += [(ta, student) for student, ta in pairs]
    keys = {**students, **tas}
    joined = asyncio.Barrier(2 * PAIRS)
    total = 2 * PAIRS * int(SECONDS / PACE)

    async def listen(socket: ClientConnection, own: int) -> None:
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "message" and frame["to"] == own and frame["client_id"] in sent:
                spent.append(time.perf_counter() - sent[frame["client_id"]])
            elif frame["type"] == "error":
                raise RuntimeError(frame["detail"])

    async def one(number: int, own: int, other: int) -> None:
        async with _open(port, "/ws/", keys[own]) as socket:
            await socket.send('{"type": "ping"}')
            while json.loads(await socket.recv())["type"] != "pong":
                pass
            await joined.wait()  # what comes before the socket is there, a page would fetch
            listening = asyncio.create_task(listen(socket, own))
            # Students write first, which lets the TAs answer.
            await asyncio.sleep(PACE * number / (2 * PAIRS) + (own in tas))
            for _time in range(int(SECONDS / PACE)):
                began = time.perf_counter()
                frame = _frame(other)
                sent[frame["client_id"]] = began
                await socket.send(json.dumps(frame))
                await asyncio.sleep(max(0.0, PACE - (time.perf_counter() - began)))
            # All of them stay for the last message of all.
            await _until(lambda: len(spent) >= total)
            if listening.done():
                listening.result()
            listening.cancel()

    await asyncio.gather(*(one(number, *pair) for number, pair in enumerate(pairs)))
    return _p99(spent), total - len(spent)
