"""Load from outside, by wrk."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Round:
    """``rate`` in requests a second, ``p50`` and ``p99`` in milliseconds, ``failed`` requests."""

    rate: float
    p50: float
    p99: float
    failed: int


def wrk(port: int, path: str, session: str, clients: int, seconds: int) -> Round:
    """So many clients, each asking again as soon as it is answered."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-H", f"Cookie: sessionid={session}", f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec: +([\d.]+)", out)
    failed = sum(int(number) for number in re.findall(r"(?:Non-2xx.*: |timeout )(\d+)", out))
    return Round(float(rate[1]) if rate else 0.0, _spent(out, 50), _spent(out, 99), failed)


def _spent(out: str, percent: int) -> float:
    found = re.search(rf"{percent}% +([\d.]+)(us|ms|s|m)\b", out)
    return float(found[1]) * UNITS[found[2]] if found else 0.0


def in_turns(targets: Sequence[tuple[int, str, str]], clients: int, rounds: int) -> list[Round]:
    """The median of each target (port, path, session), all measured in turns."""
    found: list[list[Round]] = [[] for _target in targets]
    for number in range(rounds + 1):
        for index, (port, path, session) in enumerate(targets):
            seconds = 2 if number else 1  # the first warms up
            measured = wrk(port, path, session, clients, seconds)
            if number:
                found[index].append(measured)
    return [
        Round(
            median(each.rate for each in rounds_),
            median(each.p50 for each in rounds_),
            median(each.p99 for each in rounds_),
            sum(each.failed for each in rounds_),
        )
        for rounds_ in found
    ]
