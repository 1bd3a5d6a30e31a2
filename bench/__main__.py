"""``script/bench [name …]``: runs benchmarks, prints their tables, keeps them in RESULTS.md."""

import sys
from collections.abc import Callable, Iterator

from bench import (
    arrivals,
    capacity,
    crowd,
    first_visit,
    flood,
    growth,
    idle,
    matching,
    memory,
    pages,
    peers,
    photos,
    race,
    report,
    sockets,
    split,
    university,
)
from bench.machine import Lacking, Machine

Bench = Callable[[Machine], Iterator[report.Table]]  # each table as soon as it is measured
SHORT: dict[str, Bench] = {
    "pages": pages.run,
    "university": university.run,
    "crowd": crowd.run,
    "first_visit": first_visit.run,
    "sockets": sockets.run,
    "capacity": capacity.run,
    "split": split.run,
    "race": race.run,
    "matching": matching.run,
    "photos": photos.run,
    "flood": flood.run,
}
LONG: dict[str, Bench] = {
    "arrivals": arrivals.run,
    "growth": growth.run,
    "idle": idle.run,
    "memory": memory.run,
    "peers": peers.run,
}


def main(names: list[str]) -> None:
    known = SHORT | LONG
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"bench: there is no {unknown[0]}; there are {', '.join(known)}")
    try:
        with Machine("wrk") as machine:
            for name in names or SHORT:
                for table in known[name](machine):
                    report.keep(table)
    except Lacking as lacking:
        sys.exit(f"bench: {lacking}")


main(sys.argv[1:])
