"""The session engine: in the database, and knowing when the session was last seen."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import SignIn
from setahub.lib.sessions import SessionStore as BaseSessionStore


class SessionStore(BaseSessionStore):
    """Loads a session's sign-in along, in the same query, and keeps it when the key changes.

    ``last_seen``: when the loaded session was last seen, as far as was noted; None before that.
    ``earlier_key``: the key that it had before it changed during this request.
    """

    last_seen: datetime | None = None
    earlier_key: str | None = None

    def load(self) -> dict[str, Any]:
        try:
            session = Session.objects.select_related("sign_in").get(
                session_key=self.session_key, expire_date__gt=timezone.now()
            )
        except Session.DoesNotExist:
            self._session_key = None
            return {}
        # One without a sign-in, made by a program, was last seen when it was last saved.
        saved = session.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE)
        self.last_seen = session.sign_in.last_seen_at if hasattr(session, "sign_in") else saved
        return self.decode(session.session_data)

    def cycle_key(self) -> None:
        self.earlier_key = self.session_key
        sign_in = SignIn.objects.filter(session=self.earlier_key).first()
        super().cycle_key()  # which deletes the old session and with it the sign-in
        if sign_in is not None:
            sign_in.session_id = str(self.session_key)
            sign_in.save(force_insert=True)
