"""A push subscription as browsers give it (Push API, section 5: ``PushSubscriptionJSON``)."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models.push import ENDPOINT_MAX, KEY_MAX, is_push_service
from accounts.services.push import Given
from setahub.core import vapid
from setahub.core.outbound import OutboundError, check_address

BODY_MAX = 8 * 1024  # bytes
AUTH_BYTES = 16  # RFC 8291, section 3.2

NO_SERVICE = _("This is no address of a push service that this site sends to.")
NO_KEY = _("The browser's keys are missing, or they are none.")
UNREADABLE = _("A push subscription is expected, in JSON, as the browser gives it.")


class Unreadable(Exception):
    """What was sent is no JSON object."""


def read(body: bytes) -> dict[str, Any]:
    """What was sent. Raises Unreadable."""
    try:
        found = json.loads(body) if len(body) <= BODY_MAX else None
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(found, dict):
        raise Unreadable
    return found


class EndpointForm(forms.Form):
    """``endpoint``: a push service's address for one browser."""

    endpoint = forms.CharField(
        max_length=ENDPOINT_MAX,
        strip=False,
        error_messages={"required": NO_SERVICE, "max_length": NO_SERVICE},
    )

    @classmethod
    def of(cls, sent: dict[str, Any]) -> "EndpointForm":
        """Filled with what is plain text in the JSON; whatever else stands there is nothing."""
        keys = sent.get("keys")
        values = {name: sent.get(name) for name in ("endpoint", "replaces")}
        values |= {name: keys.get(name) for name in ("p256dh", "auth") if isinstance(keys, dict)}
        plain = {name: each for name, each in values.items() if isinstance(each, str)}
        return cls({name: each for name, each in plain.items() if each.isprintable()})

    @property
    def problem(self) -> str:
        """The first of what is wrong."""
        return next(str(error) for errors in self.errors.values() for error in errors)


class SubscriptionForm(EndpointForm):
    """The same with the browser's keys, and the ``endpoint`` that it had before, if it had one."""

    p256dh = forms.CharField(
        max_length=KEY_MAX, error_messages={"required": NO_KEY, "max_length": NO_KEY}
    )
    auth = forms.CharField(
        max_length=KEY_MAX, error_messages={"required": NO_KEY, "max_length": NO_KEY}
    )
    replaces = forms.CharField(max_length=ENDPOINT_MAX, required=False, strip=False)

    def clean_endpoint(self) -> str:
        endpoint: str = self.cleaned_data["endpoint"]
        try:
            check_address(endpoint)
        except OutboundError as error:
            raise ValidationError(NO_SERVICE, code="address") from error
        if not is_push_service(str(urlsplit(endpoint).hostname)):
            raise ValidationError(NO_SERVICE, code="host")
        return endpoint

    def clean_p256dh(self) -> str:
        return _plain(self.cleaned_data["p256dh"], vapid.check_point)

    def clean_auth(self) -> str:
        return _plain(self.cleaned_data["auth"], _check_auth)

    @property
    def given(self) -> Given:
        """What a valid form holds."""
        return Given(**self.cleaned_data)


def _plain(text: str, read_key: Callable[[str], bytes]) -> str:
    """A key in the one way of writing it."""
    try:
        return vapid.to_text(read_key(text))
    except ValueError as error:
        raise ValidationError(NO_KEY, code="key") from error


def _check_auth(text: str) -> bytes:
    secret = vapid.to_bytes(text)
    if len(secret) != AUTH_BYTES:
        raise ValueError("another length")
    return secret
