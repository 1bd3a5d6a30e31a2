"""What happens at every request of somebody signed in."""

import contextlib
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from accounts import sign_ins

GetResponse = Callable[[HttpRequest], HttpResponse]


def last_seen(get_response: GetResponse) -> GetResponse:
    """Notes every ten minutes that a session is in use, and on which device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session = request.session
        if sign_ins.is_due(getattr(session, "last_seen", None)) and request.user.is_authenticated:
            with contextlib.suppress(DatabaseError):  # the page is there; this can wait
                agent = request.headers.get("User-Agent", "")
                sign_ins.note(request.user, session.session_key or "", agent)
        return response

    return middleware
