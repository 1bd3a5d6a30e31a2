"""What allauth does with who comes from the faculty's sign-in, our way."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, cast

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from requests import RequestException

from accounts import reauthentication
from accounts.adapters.openid import AGAIN, claims_of
from accounts.errors import AccountError
from accounts.models import User
from accounts.services import faculty
from accounts.services.faculty import PROVIDER, Claims
from setahub.core.web.addresses import own_path

logger = logging.getLogger(__name__)

JOINED = "accounts/email/faculty_joined"
WAITING = "faculty_sign_up"  # in the session of somebody who still has to choose a name
WAITS = 900  # seconds
CLOCKS_DIFFER = 60  # seconds


class FacultyAdapter(DefaultSocialAccountAdapter):
    """Joins, asks for a name, or refuses; each refusal is a page in words."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one that the settings name, or none; allauth would also look into the database."""
        if not settings.OIDC_ISSUER or provider not in (None, PROVIDER, "openid_connect"):
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=PROVIDER,
                name=settings.OIDC_NAME or _("the faculty"),
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={"server_url": settings.OIDC_ISSUER, "oauth_pkce_enabled": True},
            )
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Whose account it is. Somebody new goes on to choose a name instead."""
        claims = claims_of(sociallogin)
        if not claims.nonce or claims.nonce != sociallogin.state.get("nonce"):
            raise _away(request, sociallogin.state, "invalid")
        if sociallogin.state["process"] == AuthProcess.REDIRECT:
            self._note_that_it_is_them(request, sociallogin)
            return
        if sociallogin.is_existing:
            return
        try:
            joined = faculty.join(claims, partial(self.send_notification_mail, JOINED))
        except AccountError as refusal:
            raise _away(request, sociallogin.state, refusal.code, refusal) from None
        if joined:
            sociallogin.account, sociallogin.user = joined, joined.user
            return
        if request.user.is_authenticated:
            get_account_adapter(request).logout(request)
        ask_for_a_name(request, claims, sociallogin.state.get("next"))
        raise ImmediateHttpResponse(redirect("faculty_name"))

    def _note_that_it_is_them(self, request: HttpRequest, login: SocialLogin) -> None:
        """Raises where it was another account there, or one that was signed in all along."""
        if not login.is_existing or login.user != request.user:
            raise _away(request, login.state, "another")
        moment, asked = claims_of(login).signed_in_at, login.state[AGAIN]
        if moment is None or not asked - CLOCKS_DIFFER <= moment <= time.time() + CLOCKS_DIFFER:
            raise _away(request, login.state, "not_anew")
        reauthentication.record(request, login.user, method=reauthentication.FACULTY)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """A page in words, whatever it was."""
        state = (extra_context or {}).get("state") or {}
        if error == AuthError.CANCELLED:
            code = "cancelled"
        elif isinstance(exception, RequestException):
            code = "unavailable"
            logger.error("The faculty's sign-in is away: %s", type(exception).__name__)
        elif exception is not None or state:
            code = "invalid"
            logger.warning("A sign-in with the faculty was refused: %s", exception)
        else:
            code = "used"
        raise _away(request, state, code)


# Of each code: a heading, a text, the HTTP status.
_WORDS: dict[str, Callable[[], tuple[str, str, int]]] = {
    "cancelled": lambda: (
        _("You are not signed in"),
        _("You went back before you were signed in with the faculty. Try again when you like."),
        403,
    ),
    "used": lambda: (
        _("This sign-in is over"),
        _("It was used already, took longer than ten minutes, or began in another browser."),
        409,
    ),
    "unavailable": lambda: (
        _("Your faculty does not answer"),
        _("It is not your fault. Please try again in a few minutes."),
        503,
    ),
    "invalid": lambda: (
        _("You are not signed in"),
        _("What the faculty's sign-in answered does not fit this site. Please try again."),
        403,
    ),
    "another": lambda: (
        _("That is another account"),
        _("Choose the account there that you sign in here with."),
        403,
    ),
    "not_anew": lambda: (
        _("We still don't know that it is you"),
        _("The faculty's sign-in did not ask you who you are. Sign out there, and try again."),
        403,
    ),
}


def ask_for_a_name(request: HttpRequest, claims: Claims, next_url: str | None) -> None:
    """Keep who they are there until they have chosen what they are called here."""
    request.session[WAITING] = {**asdict(claims), "next": next_url, "at": time.time()}


def who_waits(request: HttpRequest) -> Claims | None:
    """Whom the session holds, if they came from the faculty's sign-in lately."""
    kept = request.session.get(WAITING)
    if not kept or time.time() - kept["at"] > WAITS:
        return None
    return Claims(**{name: kept[name] for name in Claims.__dataclass_fields__})


def forget_who_waits(request: HttpRequest) -> None:
    request.session.pop(WAITING, None)


def note_sign_in(request: HttpRequest, user: User) -> None:
    """How they came in, as allauth notes it of those it lets in itself."""
    reauthentication.record(request, user, method="socialaccount", provider=PROVIDER)


def next_of(request: HttpRequest) -> str:
    """Where they wanted to go, or the start page."""
    kept = request.session.get(WAITING) or {}
    return own_path(request, kept.get("next")) or reverse("home")


def _away(
    request: HttpRequest, state: dict[str, Any], code: str, refusal: AccountError | None = None
) -> ImmediateHttpResponse:
    """The page that says why it did not work, and leads on."""
    heading, text, status = _WORDS[code]() if refusal is None else ("", refusal.message, 0)
    next_url = own_path(request, state.get("next"))
    again = reverse("account_login") + (f"?{urlencode({'next': next_url})}" if next_url else "")
    if state.get("process") == AuthProcess.REDIRECT:
        again = next_url or reverse("accounts:me")
    context = {
        "heading": heading or _("You are not signed in"),
        "text": text,
        "again": again,
        "code": code,
    }
    response: HttpResponse = render(
        request,
        "account/faculty_refused.html",
        context,
        status=status or cast(AccountError, refusal).status,
    )
    return ImmediateHttpResponse(response)
