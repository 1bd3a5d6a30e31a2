"""Tables on the terminal, and the same in RESULTS.md with date, versions and cores."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("Django", "daphne", "channels", "channels-redis", "gunicorn", "psycopg")
HEAD = """# Results

Made by `script/bench`, each part by the run named in it. Only ratios compare between machines: every
figure stands beside a floor measured in the same run, in turns, and is the median of its rounds.
"""


@dataclass(frozen=True)
class Table:
    """``rows`` under ``columns``; ``note`` says what was done, ``name`` is its place in the file."""

    name: str
    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def load() -> str:
    """How busy the machine is: the load of the last minute."""
    return Path("/proc/loadavg").read_text().split()[0]


def keep(table: Table) -> None:
    """Print the table, and put it in place of the earlier one of its name."""
    versions = ", ".join(f"{each} {version(each)}" for each in PACKAGES)
    made = (
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores, load {load()} at the end, "
        f"Python {platform.python_version()}, {versions}."
    )
    section = f"## {table.title}\n\n{table.note}\n\n{table.markdown()}\n\n{made}\n"
    print(f"\n{section}", flush=True)
    parts = {}
    if RESULTS.exists():
        found = re.split(r"<!-- (\w+) -->\n", RESULTS.read_text())[1:]
        parts = dict(zip(found[::2], found[1::2], strict=True))
    parts[table.name] = section
    body = "\n".join(f"<!-- {each} -->\n{text.strip()}\n" for each, text in parts.items())
    RESULTS.write_text(f"{HEAD}\n{body}")
