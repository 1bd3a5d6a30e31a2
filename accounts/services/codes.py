"""Codes of the second step: each is accepted once, however many send it at the same time."""

import time
from collections.abc import Callable
from typing import TypeVar

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction

from accounts.models import User

Result = TypeVar("Result")

NEW_SECRET = totp.SECRET_SESSION_KEY  # of an app that is being set up, in the session
LAST_COUNTER = "last_counter"  # in an app's data: the half minute of its newest spent code


def spend(user: User, code: str) -> Authenticator | None:
    """The app or the recovery codes that it belongs to; None when it fits nothing or is spent."""
    with_codes = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
    with transaction.atomic():
        for authenticator in with_codes.filter(user=user).select_for_update().order_by("pk"):
            is_app = authenticator.type == Authenticator.Type.TOTP
            spend_code = _spend_of_app if is_app else _spend_recovery
            if spend_code(authenticator, code):
                return authenticator
    return None


def set_up_with(user: User, code: str, activate: Callable[[], Result]) -> Result:
    """The result of ``activate``, which sets an app up with this code: that spends it."""
    with transaction.atomic():
        result = activate()
        app = Authenticator.objects.get(user=user.pk, type=Authenticator.Type.TOTP)
        _spend_of_app(app, code)
    return result


def _spend_of_app(app: Authenticator, code: str) -> bool:
    """Source: RFC 6238, section 5.2: a code is accepted once."""
    counter = _counter_of(app, code)
    if counter is None or counter <= app.data.get(LAST_COUNTER, -1):
        return False
    app.data[LAST_COUNTER] = counter
    app.save(update_fields=["data"])
    return True


def _counter_of(app: Authenticator, code: str) -> int | None:
    """The half minute since 1970 of this code; None when the app doesn't show it about now."""
    secret = totp.decrypt(app.data["secret"])
    now = int(time.time()) // app_settings.TOTP_PERIOD
    near = range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1)
    fitting = [
        counter
        for counter in near
        if totp.compare_user_code(
            actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))
        )
    ]
    return fitting[-1] if fitting else None


def _spend_recovery(codes: Authenticator, code: str) -> bool:
    return bool(codes.wrap().validate_code(code))
