"""Limits on how often somebody may do something, counted in the cache without any lock.

allauth's own count under a lock that everybody of one network address shares: with twenty at once
some wait for it too long and are refused, though nobody did anything too often. While Redis is
away every limit lets everybody through, unless it is a ``guess`` that says otherwise.
"""

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError

from setahub.core.web.cache import must_answer

# One number holds both, so that both are read at once: the guesses that were wrong, and, counted in
# steps of RUNNING, those that are being looked at.
RUNNING = 1 << 20
PAUSE = 0.02  # seconds between two looks whether those before have been answered
PATIENCE = 50  # such pauses


def is_on() -> bool:
    """False only for load tests (``RATE_LIMITS=off``)."""
    return settings.RATE_LIMITS


@dataclass(frozen=True)
class Window:
    """Counts for one key within ``seconds`` that begin with the first time."""

    key: str
    seconds: int

    def add(self) -> int:
        """Counts one more. Returns how many there are, this one included."""
        return self.change(self.name, 1)

    def change(self, name: str, by: int) -> int:
        """Adds to the count kept under this name. Returns what it comes to."""
        cache.add(name, 0, self.seconds)
        try:
            return cache.incr(name, by)
        except ValueError:  # dropped by a full cache between the two
            return by

    def left(self) -> int:
        """Seconds until the count begins anew, at least one."""
        return max(1, math.ceil(self._began() + self.seconds - time.time()))

    def forget(self) -> None:
        """Begin anew, with none."""
        cache.delete(self.name)

    def _began(self) -> float:
        """When the running window began; without one, a new one begins now."""
        now = time.time()
        cache.add(self._since, now, self.seconds)
        began = cache.get(self._since, now)
        if began + self.seconds <= now:  # what should have expired
            cache.set(self._since, now, self.seconds)
            return now
        return began

    @property
    def name(self) -> str:
        """Where the count of this window is kept; the next window gets another name."""
        return f"{self._since}:{self._began():.6f}"

    @property
    def _since(self) -> str:
        return "limit:" + hashlib.sha256(self.key.encode(errors="replace")).hexdigest()


class TooMany(Exception):
    """As many as may be were looked at. ``seconds``: until one may try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def refused_for(seconds: int, message: str, code: str) -> ValidationError:
    """What a form says to whoever did something too often; ``setahub.core.web.too_many`` reads when."""
    return ValidationError(message, code=code, params={"seconds": seconds})


@dataclass
class Guess:
    """A try at a secret. ``right``: it was, so that it counts no more."""

    right: bool = False


@contextmanager
def guess(key: str, most: int, seconds: int, *, closed: bool = False) -> Iterator[Guess]:
    """A try at a secret, counted before it is looked at (in the ``with`` block).

    Of all wrong ones within ``seconds`` at most ``most`` are looked at, however many come at once;
    the others raise TooMany. Those that come while others are being looked at wait a moment: these
    may be right. While the counter is away all are looked at; with ``closed`` none is (CacheAway).
    """
    if not is_on():
        yield Guess()
        return
    window = Window(f"guess {key}", seconds)
    with must_answer() if closed else nullcontext():
        name = _take_a_turn(window, most)
    made = Guess()
    try:
        yield made
    finally:
        with suppress(ValueError):  # its window is over, or its count was dropped
            cache.incr(name, -RUNNING if made.right else 1 - RUNNING)


def _take_a_turn(window: Window, most: int) -> str:
    """Waits until this guess may be looked at. Returns the name under which it is counted."""
    for _pause in range(PATIENCE):
        name = window.name
        running, wrong = divmod(window.change(name, RUNNING), RUNNING)
        if running + wrong <= most:
            return name
        window.change(name, -RUNNING)
        if wrong >= most:
            break
        time.sleep(PAUSE)
    raise TooMany(window.left())
