"""What one person may have open and send over sockets: so many tabs, so many frames.

Counted in this process for all of a person's sockets together, so that opening more of them, or
coming back, gains nothing; and a person's frames are worked on a few at a time, so that nobody
else's wait behind them. Switched off with the other limits (``RATE_LIMITS=off``).
"""

import asyncio
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from setahub.core.web import ratelimit

MOST_SOCKETS = 20  # open ones of one person
BURST = 200.0  # frames at once: twenty tabs that come back after an outage need forty
RATE = 10.0  # frames a second in the long run; a busy tab needs two
DEBT = 200.0  # frames beyond that, each refused, until the socket is closed
AT_ONCE = 2  # frames of one person that are worked on at the same time


class Allowance:
    """One person's open sockets in this process, oldest first, and the frames they have left."""

    def __init__(self) -> None:
        self.sockets: dict[Any, None] = {}
        self.turn = asyncio.Semaphore(AT_ONCE)
        self._left = BURST
        self._at = monotonic()

    def take(self) -> bool:
        """Counts a frame; False when it is one too many."""
        now = monotonic()
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        if not ratelimit.is_on():
            return True
        self._left = max(self._left - 1, -DEBT)
        return self._left >= 0

    @property
    def is_flooded(self) -> bool:
        """Whether frames have come too fast for so long that it can't be a mistake."""
        return self._left <= -DEBT

    def too_many(self) -> list[Any]:
        """The oldest sockets, where there are more than one person may have."""
        return list(self.sockets)[:-MOST_SOCKETS] if ratelimit.is_on() else []


# A loop of its own for each test, one for a server.
_people: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Allowance]] = WeakKeyDictionary()


def join(user_id: int, socket: Any) -> Allowance:
    """The person's allowance, with one more socket."""
    people = _people.setdefault(asyncio.get_running_loop(), {})
    own = people.setdefault(user_id, Allowance())
    own.sockets[socket] = None
    return own


def leave(user_id: int, socket: Any) -> None:
    """One socket less. What was sent is remembered for as long as it counts."""
    loop = asyncio.get_running_loop()
    people = _people.get(loop, {})
    own = people.get(user_id)
    if own is None:
        return
    own.sockets.pop(socket, None)
    if not own.sockets:
        loop.call_later((BURST + DEBT) / RATE, _forget, people, user_id, own)


def _forget(people: dict[int, Allowance], user_id: int, allowance: Allowance) -> None:
    if not allowance.sockets and people.get(user_id) is allowance:
        del people[user_id]
