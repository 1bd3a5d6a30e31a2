"""Limits on how often somebody may do something, counted in the cache without any lock.

allauth's own count under a lock that everybody of one network address shares: with twenty at once
some wait for it too long and are refused, though nobody did anything too often. While Redis is
away every limit lets everybody through.
"""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache


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
        name = self._name()
        cache.add(name, 0, self.seconds)
        try:
            return cache.incr(name)
        except ValueError:  # dropped by a full cache between the two
            return 1

    def take_back(self) -> None:
        """Counts one less."""
        with suppress(ValueError):
            cache.decr(self._name())

    def count(self) -> int:
        """How many there are."""
        return cache.get(self._name(), 0)

    def _name(self) -> str:
        """Where the count of the running window is kept; a new window gets a new name."""
        since = "limit:" + hashlib.sha256(self.key.encode(errors="replace")).hexdigest()
        now = time.time()
        cache.add(since, now, self.seconds)
        began = cache.get(since, now)
        if began + self.seconds <= now:  # what should have expired
            cache.set(since, now, self.seconds)
            began = now
        return f"{since}:{began:.6f}"
