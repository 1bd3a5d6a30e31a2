"""A server process stays on one core, since Python's lock lets one of its threads run at a time.

Left alone, each short wait of a thread, seven queries of a page and more, woke another one on another
core, which found the lock taken again or the process's memory in the wrong cache: a third of the
processor time of a busy process. On one core the next thread runs when this one has to wait.

Where the system has no such thing (macOS, Windows), nothing happens.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_before: frozenset[int] = frozenset()  # the cores of this process, once it stays on one


def cores() -> list[int]:
    """The cores that this thread may run on; none where the system doesn't tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def stay(core: int | None = None) -> None:
    """Keep this thread, and all that it starts, on this core; unless given, on the one where it runs.

    A process that has just loaded was busy doing so, and ran where nobody else did.
    """
    global _before
    allowed = cores()
    core = _here() if core is None else core
    if core in allowed:
        _before = frozenset(allowed)
        os.sched_setaffinity(0, {core})


def stay_with_daphne() -> None:
    """Stay where Daphne's loop runs, once it does. Does nothing under another server."""
    if "daphne.server" in sys.modules:
        from twisted.internet import reactor

        loop: Any = reactor
        loop.callWhenRunning(stay)


@contextmanager
def everywhere() -> Iterator[None]:
    """Lets a program that is started meanwhile run on all cores that this process could use."""
    own = cores()
    with suppress(OSError):  # the system has taken these cores away
        if _before:
            os.sched_setaffinity(0, _before)
    try:
        yield
    finally:
        with suppress(OSError):
            if _before:
                os.sched_setaffinity(0, own)


def _here() -> int | None:
    try:
        return int(ctypes.CDLL(None).sched_getcpu())
    except (OSError, AttributeError, TypeError):
        return None
