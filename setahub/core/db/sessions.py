"""Sessions in the database, made for keys that come from anywhere."""

from hashlib import sha256

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore


class SessionStore(DatabaseSessionStore):
    """Django's, except that a cookie that can't be one of our keys is no key.

    A NUL in it, which a quoted cookie can carry, would otherwise reach PostgreSQL and fail there.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and len(key) >= 8 and key.isascii() and key.isalnum()


def session_mark(key: str) -> str:
    """What names a session to others without giving its key away."""
    return sha256(key.encode()).hexdigest()
