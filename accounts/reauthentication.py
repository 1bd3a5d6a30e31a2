"""Whether somebody has shown lately that it is still them: by password, passkey or code, or there
where the faculty signs them in.

Signing in counts. allauth keeps in the session how and when; here is what that means.
"""

import math
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import urlencode

from accounts.models import User

FACULTY = "faculty"  # signed in there anew, and not merely still signed in
METHODS = {"password", "mfa", FACULTY}
SET_UP = "set_up"  # marks the record of a factor that was only just added
NO_WAY = "nothing"  # the id of the page for whoever has nothing to show here


def is_recent(request: HttpRequest) -> bool:
    """Whether it was within the last five minutes, in this session."""
    return seconds_left(request) > 0


def seconds_left(request: HttpRequest) -> float:
    """For how long that still counts; 0 when it doesn't."""
    if not request.user.is_authenticated:
        return 0
    ages = [
        time.time() - record["at"]
        for record in get_authentication_records(request, request.user)
        # One set up just now doesn't count: otherwise adding one after the other would never end.
        if record["method"] in METHODS and not record.get(SET_UP)
    ]
    youngest = min((age for age in ages if age >= 0), default=math.inf)
    return max(0, app_settings.REAUTHENTICATION_TIMEOUT - youngest)


def in_two_steps(request: HttpRequest, user: User) -> bool:
    """Whether this session was signed in to in two steps; no query."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def record(request: HttpRequest, user: User, **how: Any) -> None:
    """They have just shown it: ``method`` and what allauth keeps with it."""
    record_authentication(request, user, **how)


def has_begun(session: Session, user: User) -> bool:
    """Whether in this session somebody has shown, in one step at least, that they are this user."""
    request = HttpRequest()  # allauth reads what it keeps in a session from a request
    request.session = session.get_decoded()  # type: ignore[assignment]
    return bool(get_authentication_records(request, user))


def require(request: HttpRequest) -> None:
    """Lead away to show it, and back, unless it was shown lately."""
    if not is_recent(request):
        raise ReauthenticationRequired


def first_way(request: HttpRequest) -> str:
    """What is asked of them first: the id of one of allauth's ways, FACULTY, or NO_WAY."""
    return _first_way(request)["id"]


def led_away(request: HttpRequest, back: str) -> HttpResponseRedirect:
    """To where it is shown, and from there to ``back`` rather than to what was asked for."""
    return HttpResponseRedirect(f"{_first_way(request)['url']}?{urlencode({'next': back})}")


def _first_way(request: HttpRequest) -> dict[str, str]:
    way: dict[str, str] = get_adapter().get_reauthentication_methods(request.user)[0]
    return way
