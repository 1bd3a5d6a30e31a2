"""The session engine: in the database, and knowing when the session was last seen."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import SignIn, User
from accounts.services import sign_ins
from accounts.signals import session_renewed
from setahub.core.db.prepared import prepared
from setahub.core.db.sessions import SessionStore as BaseSessionStore


@prepared
def _alive(key: str | None, now: datetime) -> "QuerySet[Session]":
    """The session with this key that has not ended, with its sign-in and its user."""
    return Session.objects.select_related("sign_in__user").filter(
        session_key=key, expire_date__gt=now
    )


class SessionStore(BaseSessionStore):
    """Loads a session's sign-in and its user along, in one query, and keeps it when the key changes.

    One of staff that nobody used for ``STAFF_SESSION_IDLE`` seconds ends when it is loaded.

    ``last_seen``: when the loaded session was last seen, as far as was noted; None before that.
    ``earlier_key``: the key that it had before it changed during this request.
    """

    last_seen: datetime | None = None
    earlier_key: str | None = None

    _user: User | None = None

    def load(self) -> dict[str, Any]:
        session = _alive(self.session_key, timezone.now()).first()
        if session is None:
            self._session_key = None
            return {}
        # One without a sign-in, made by a program, was last seen when it was last saved.
        self.last_seen = session.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE)
        if hasattr(session, "sign_in"):
            self.last_seen = session.sign_in.last_seen_at
            self._user = session.sign_in.user
        kept = self.decode(session.session_data)
        if sign_ins.is_idle(self.last_seen) and self._is_of_staff(kept):
            session.delete()
            self._session_key = self._user = self.last_seen = None
            return {}
        return kept

    def _is_of_staff(self, kept: dict[str, Any]) -> bool:
        if self._user is not None:
            return self._user.is_staff
        key = str(kept.get(SESSION_KEY, ""))
        return key.isdecimal() and User.objects.filter(pk=key, is_staff=True).exists()

    def user(self) -> User | None:
        """The active user that this session lets in, where loading it has told; costs no query.

        None may also mean that Django has to look: a session without a sign-in, or one whose hash
        was made with an earlier SECRET_KEY.
        """
        key, user = self.get(SESSION_KEY), self._user
        if user is None or key != str(user.pk) or not user.is_active:
            return None
        known = self.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        kept = self.get(HASH_SESSION_KEY, "")
        return user if known and constant_time_compare(kept, user.get_session_auth_hash()) else None

    def cycle_key(self) -> None:
        self.earlier_key = self.session_key
        sign_in = SignIn.objects.filter(session=self.earlier_key).first()
        super().cycle_key()  # which deletes the old session and with it the sign-in
        if sign_in is not None:
            sign_in.session_id = str(self.session_key)
            sign_in.save(force_insert=True)
            session_renewed.send(SessionStore, user_id=sign_in.user_id, key=str(self.earlier_key))
