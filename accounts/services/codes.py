"""Codes of the second step: each is taken once, whoever sends it, and however many at once."""

import time
from collections.abc import Callable
from typing import TypeVar

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction

from accounts.models import User

Result = TypeVar("Result")

USED = "last_counter"  # in the data of an app: the half minute of its newest code that was taken


def spend(user: User, code: str) -> Authenticator | None:
    """What this code is of, an app or the recovery codes; None when it is of none, or spent."""
    by_code = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
    with transaction.atomic():
        for each in by_code.filter(user=user).select_for_update().order_by("pk"):
            spent = _spend_of_app if each.type == Authenticator.Type.TOTP else _spend_recovery
            if spent(each, code):
                return each
    return None


def set_up_with(user: User, code: str, activate: Callable[[], Result]) -> Result:
    """What ``activate`` gives, which sets an app up; its first code is spent by that."""
    with transaction.atomic():
        result = activate()
        app = Authenticator.objects.get(user=user.pk, type=Authenticator.Type.TOTP)
        _spend_of_app(app, code)
    return result


def _spend_of_app(app: Authenticator, code: str) -> bool:
    """Source: RFC 6238, section 5.2: a code is accepted once."""
    counter = _counter_of(app, code)
    if counter is None or counter <= app.data.get(USED, -1):
        return False
    app.data[USED] = counter
    app.save(update_fields=["data"])
    return True


def _counter_of(app: Authenticator, code: str) -> int | None:
    """Which half minute since 1970 the code is of, when the app shows it about now."""
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
