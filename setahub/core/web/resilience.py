"""What keeps a server that is away from making everybody wait for it."""

import logging
import threading
from time import monotonic

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """Remembers that ``name`` is away, so that only one caller in ``pause`` seconds tries it."""

    def __init__(self, name: str, pause: float) -> None:
        self._name = name
        self._pause = pause
        self._lock = threading.Lock()
        self._retry_at: float | None = None  # monotonic seconds; None while all is well

    def allows(self) -> bool:
        """Whether to try now. After the pause the one caller told so tries for all others."""
        if self._retry_at is None:  # without the lock: the common case
            return True
        with self._lock:
            if self._retry_at is None:
                return True
            now = monotonic()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._pause
            return True

    def failed(self, error: Exception) -> None:
        """Begin or prolong the pause; the first failure of an outage is logged."""
        with self._lock:
            begins = self._retry_at is None
            self._retry_at = monotonic() + self._pause
        if begins:
            logger.warning("%s is away: %s", self._name, type(error).__name__)

    def worked(self) -> None:
        """End the outage, if there was one."""
        if self._retry_at is None:
            return
        with self._lock:
            ends = self._retry_at is not None
            self._retry_at = None
        if ends:
            logger.info("%s is back", self._name)
