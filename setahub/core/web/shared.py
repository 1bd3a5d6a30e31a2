"""``@shared``: a function whose answer is made once for all who ask, and kept for a few seconds.

For what is dear to make, the same for everybody, and may be a little old, such as counts on tiles;
never for what somebody acts on. It lies in Django's cache: in Redis for all processes, without
Redis in each process for itself. Taking the decorator off changes nothing but age and speed.
"""

import inspect
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import update_wrapper
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from django.core.cache import cache
from django.db import connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

LOOK_AGAIN = 0.02  # seconds, for whoever has nothing to show while somebody else makes it
LOOKS = 50  # then they make it for themselves
MADE_WITHIN = 10  # seconds; whoever takes longer was killed meanwhile, and another may make it
SHARE = 20  # at most one part of time in so many is spent on making one thing, however often it is dropped


logger = logging.getLogger(__name__)

# Where what is old is made anew: one at a time, so that a busy site still makes its pages.
_beside = ThreadPoolExecutor(1, thread_name_prefix="shared")


class _Kept(NamedTuple):
    """``drop``: the latest one before it was made; ``at``: when that began; ``took``: seconds."""

    value: Any
    drop: str | None
    at: float
    took: float = 0.0


def shared(
    *, seconds: float, under: Callable[[], object] = lambda: None
) -> Callable[[Callable[P, T]], "Shared[P, T]"]:
    """Keep what the function gives for at most so many seconds, and until ``drop()``.

    After a drop the first who asks makes it anew, and the others get the last one until it is there;
    what is dear to make is not made anew right after it was (``SHARE``). From half that age on it
    is, dropped or not; undropped, beside the request of the first who asks. ``under``: what else its
    answer follows from, beside its arguments; what was made under something else is not given. Both
    need a telling ``repr``, and the answer is pickled.
    """
    return lambda make: Shared(make, seconds, under)


class Shared(Generic[P, T]):
    """A shared function; ``make`` is the function itself."""

    def __init__(self, make: Callable[P, T], seconds: float, under: Callable[[], object]) -> None:
        update_wrapper(self, make)
        self.make = make
        self._seconds, self._under = seconds, under
        # What another version of the code has made may have another form.
        code = sha256(Path(inspect.getfile(make)).read_bytes()).hexdigest()[:16]
        self._name = f"shared:{make.__module__}.{make.__qualname__}:{code}"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        # What a transaction sees is nobody else's before it is committed.
        if transaction.get_connection().in_atomic_block:
            return self.make(*args, **kwargs)
        about = repr((args, sorted(kwargs.items()), self._under()))
        key = f"{self._name}:{sha256(about.encode()).hexdigest()[:32]}"
        for _look in range(LOOKS):
            kept, drop = self._look(key)
            if kept and self._is_fresh(kept, drop):
                return kept.value
            if cache.add(f"{key}:making", 1, MADE_WITHIN):
                if kept and kept.drop == drop:  # right, but old
                    _beside.submit(self._make_beside, key, *args, **kwargs)
                    return kept.value
                return self._make_once(key, *args, **kwargs)
            if kept:
                return kept.value
            time.sleep(LOOK_AGAIN)
        return self.make(*args, **kwargs)

    def drop(self) -> None:
        """Have it made anew for the next who asks, once the transaction is committed."""
        waiting = transaction.get_connection().run_on_commit
        if all(act != self._drop for _savepoints, act, _robust in waiting):
            transaction.on_commit(self._drop, robust=True)

    def _is_fresh(self, kept: _Kept, drop: str | None) -> bool:
        # Never beyond half its age: what is then made anew has the other half to be there in, and
        # nobody has to wait for it.
        age, half = time.time() - kept.at, self._seconds / 2
        return age < (half if kept.drop == drop else min(half, SHARE * kept.took))

    def _look(self, key: str) -> tuple[_Kept | None, str | None]:
        """What is kept, unless it is too old, and the latest drop."""
        found = cache.get_many([key, self._name])
        kept = found.get(key)
        usable = kept is not None and time.time() - kept.at < self._seconds
        return kept if usable else None, found.get(self._name)

    def _make_beside(self, key: str, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            self._make_once(key, *args, **kwargs)
        except Exception:
            logger.exception("%s", self._name)
        finally:
            connection.close()

    def _make_once(self, key: str, *args: P.args, **kwargs: P.kwargs) -> T:
        """Make it, for whoever has the right to: who has added the mark."""
        try:
            made, drop = self._look(key)  # since the look before, perhaps
            if made and self._is_fresh(made, drop):
                return made.value
            return self._make(key, drop, *args, **kwargs)
        finally:
            cache.delete(f"{key}:making")

    def _make(self, key: str, drop: str | None, *args: P.args, **kwargs: P.kwargs) -> T:
        began = time.time()
        value = self.make(*args, **kwargs)
        # Were it dropped meanwhile, it would bear the name of an earlier drop.
        cache.set(key, _Kept(value, drop, began, time.time() - began), self._seconds)
        return value

    def _drop(self) -> None:
        # A mark and no deletion: others show the last one while it is made anew.
        cache.set(self._name, token_hex(8), 2 * self._seconds)
