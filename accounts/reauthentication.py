"""Whether somebody has shown lately that it is still them: by password, passkey or code.

Signing in counts. allauth keeps in the session how and when; here is what that means.
"""

import time

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest

SHOWN_BY = {"password", "mfa"}
SET_UP = "set_up"  # marks the record of a factor that was only just added


def is_recent(request: HttpRequest) -> bool:
    """Whether it was within the last five minutes, in this session."""
    if not request.user.is_authenticated:
        return False
    now = time.time()
    return any(
        record["method"] in SHOWN_BY
        and not record.get(SET_UP)  # else adding one after the other would never end
        and 0 <= now - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT
        for record in get_authentication_records(request, request.user)
    )


def require(request: HttpRequest) -> None:
    """Lead away to show it, and back, unless it was shown lately."""
    if not is_recent(request):
        raise ReauthenticationRequired
