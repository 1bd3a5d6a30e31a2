"""The session engine: in the database, and knowing when the session was last seen."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import SignIn, User
from accounts.queries.sessions import live_session
from accounts.services import sign_ins
from accounts.services.codes import NEW_SECRET
from accounts.services.mfa import PURPOSE
from accounts.signals import session_renewed
from setahub.core import seals
from setahub.core.db.sessions import SessionStore as BaseSessionStore


class SessionStore(BaseSessionStore):
    """Loads a session with its sign-in and user, in one query; a new key keeps the sign-in.

    One of staff that was unused for ``STAFF_SESSION_IDLE`` seconds ends when it is loaded.

    ``last_seen``: when the session was last noted to be in use; None before it is loaded.
    ``earlier_key``: its key before it changed during this request.
    """

    last_seen: datetime | None = None
    earlier_key: str | None = None

    _user: User | None = None

    def load(self) -> dict[str, Any]:
        session = live_session(self.session_key, timezone.now()).first()
        if session is None:
            self._session_key = None
            return {}
        # One without a sign-in, made by a program, was last seen when it was last saved.
        self.last_seen = session.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE)
        if hasattr(session, "sign_in"):
            self.last_seen = session.sign_in.last_seen_at
            self._user = session.sign_in.user
        data = self.decode(session.session_data)
        if sign_ins.is_idle(self.last_seen) and self._is_of_staff(data):
            session.delete()
            self._session_key = self._user = self.last_seen = None
            return {}
        return data

    def encode(self, session_dict: dict[str, Any]) -> str:
        """As it lies in the database: the secret of an app that is being set up is encrypted."""
        if secret := session_dict.get(NEW_SECRET):
            session_dict = {**session_dict, NEW_SECRET: seals.seal(secret, PURPOSE)}
        return super().encode(session_dict)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        data: dict[str, Any] = super().decode(session_data)
        if sealed := data.pop(NEW_SECRET, None):
            with suppress(seals.Unreadable):  # then the page makes another one
                data[NEW_SECRET] = seals.unseal(sealed, PURPOSE)
        return data

    def _is_of_staff(self, data: dict[str, Any]) -> bool:
        if self._user is not None:
            return self._user.is_staff
        key = str(data.get(SESSION_KEY, ""))
        return key.isdecimal() and User.objects.filter(pk=key, is_staff=True).exists()

    def user(self) -> User | None:
        """The active user that this session lets in, as far as loading it told; costs no query.

        None may also mean that Django has to look: a session without a sign-in, or one whose hash
        was made with an earlier SECRET_KEY.
        """
        key, user = self.get(SESSION_KEY), self._user
        if user is None or key != str(user.pk) or not user.is_active:
            return None
        known = self.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        stored = self.get(HASH_SESSION_KEY, "")
        fits = known and constant_time_compare(stored, user.get_session_auth_hash())
        return user if fits else None

    def cycle_key(self) -> None:
        self.earlier_key = self.session_key
        super().cycle_key()  # which makes a session under a new key and deletes the old one

    def delete(self, session_key: str | None = None) -> None:
        """Deletes a session with what belongs to it, which goes on where its key has changed."""
        if session_key is not None and session_key == self.earlier_key:
            self._move(session_key)
        with transaction.atomic():
            # So that nothing comes to hang on it at this moment (accounts.services.push).
            whose = SignIn.objects.filter(session=session_key or self.session_key)
            User.objects.locked(*whose.values_list("user", flat=True))
            super().delete(session_key)

    def _move(self, earlier: str) -> None:
        """The sign-in, and what hangs on it, belongs to the session under its new key."""
        sign_in = SignIn.objects.filter(session=earlier).first()
        if sign_in is not None:
            SignIn.objects.filter(pk=sign_in.pk).update(session=self.session_key)
            session_renewed.send(SessionStore, user_id=sign_in.user_id, key=earlier)
