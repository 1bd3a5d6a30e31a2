"""Load from outside, by wrk."""

import http
import http.client
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

MIX = Path(__file__).with_name("mix.lua")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Round:
    """``rate`` in requests a second, ``p50`` and ``p99`` in milliseconds, ``failed`` requests."""

    rate: float
    p50: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Target:
    """What is asked for: an address, and the Cookie that goes along, or ""."""

    url: str
    cookie: str = ""


def target(port: int, path: str, session: str) -> Target:
    """A page of ours, for whoever has this session."""
    return Target(f"http://127.0.0.1:{port}{path}", f"sessionid={session}")


def wrk(asked: Target, clients: int, seconds: int) -> Round:
    """So many clients, each asking again as soon as it is answered."""
    options = ["-H", f"Cookie: {asked.cookie}"] if asked.cookie else []
    return _run(options, asked.url, [], clients, seconds)


def mixed(
    port: int, paths: Sequence[str], sessions: Sequence[str], clients: int, seconds: int
) -> Round:
    """The same, but page after page and person after person in turns."""
    for path in paths:
        page(target(port, path, sessions[0]))
    options, arguments = ["-s", str(MIX)], [",".join(paths), ",".join(sessions)]
    return _run(options, f"http://127.0.0.1:{port}", arguments, clients, seconds)


def page(asked: Target) -> str:
    """The page; raises unless it is there, since wrk takes the way to the sign-in for one too."""
    parts = urlsplit(asked.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=30)
    path = parts._replace(scheme="", netloc="").geturl() or "/"
    connection.request("GET", path, headers={"Cookie": asked.cookie} if asked.cookie else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{asked.url} answers {answer.status}")
    return text


def _run(
    options: Sequence[str], url: str, arguments: Sequence[str], clients: int, seconds: int
) -> Round:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += [*options, url, "--", *arguments]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec: +([\d.]+)", out)
    return Round(float(rate[1]) if rate else 0.0, _spent(out, 50), _spent(out, 99), _failed(out))


def _failed(out: str) -> int:
    refused = re.findall(r"Non-2xx.*: (\d+)", out)
    broken = re.findall(r"(?:connect|read|write|timeout) (\d+)", out)
    return sum(int(number) for number in [*refused, *broken])


def _spent(out: str, percent: int) -> float:
    found = re.search(rf"{percent}% +([\d.]+)(us|ms|s|m)\b", out)
    return float(found[1]) * UNITS[found[2]] if found else 0.0


def in_turns(targets: Sequence[Target], clients: int, rounds: int) -> list[Round]:
    """The median of each target, all measured in turns."""
    for asked in targets:
        page(asked)
    found: list[list[Round]] = [[] for _target in targets]
    for number in range(rounds + 1):
        for index, asked in enumerate(targets):
            seconds = 2 if number else 1  # the first warms up
            measured = wrk(asked, clients, seconds)
            if number:
                found[index].append(measured)
    return [middle(rounds_) for rounds_ in found]


def middle(rounds: Sequence[Round]) -> Round:
    """The median of each figure, and all failures together."""
    return Round(
        median(each.rate for each in rounds),
        median(each.p50 for each in rounds),
        median(each.p99 for each in rounds),
        sum(each.failed for each in rounds),
    )
