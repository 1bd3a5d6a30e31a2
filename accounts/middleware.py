"""Who is asking, when they were last seen, and what they may not do."""

import contextlib
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts import reauthentication
from accounts.models import User
from accounts.queries.factors import FACTORS, Type, factors_of
from accounts.services import languages, sign_ins
from setahub.core.web import ratelimit
from setahub.core.web.expired import page_of_form
from setahub.core.web.ratelimit import Window
from setahub.core.web.streaming import page_that_offers
from setahub.core.web.too_many import too_many

PASSWORD_PAGES = {
    "account_signup",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_login_webauthn",
}
GetResponse = Callable[[HttpRequest], HttpResponse]


class Authentication(AuthenticationMiddleware):
    """Django's, but the user comes along with the session, rather than by a query of its own.

    ``request.asked_user``: the user once somebody has asked for it, None until then.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.asked_user = None  # type: ignore[attr-defined]
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]


def _user(request: HttpRequest) -> User | AnonymousUser:
    user: User | AnonymousUser
    user = request.session.user() or auth.get_user(request)  # type: ignore[attr-defined]
    if isinstance(user, User) and user.is_staff:
        user.in_two_steps = reauthentication.in_two_steps(request, user)
    request.asked_user = user  # type: ignore[attr-defined]
    return user


def language(get_response: GetResponse) -> GetResponse:
    """Whoever is signed in reads their own language; the first visit decides it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(settings.WORDLESS) and request.user.is_authenticated:
            languages.read_by(request.user)
        return get_response(request)

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Django's; whoever sent a form while signed out gets a message, and comes back to its page.

    What is open to everybody is not worth asking who it is.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            if page := page_that_offers(request, view_func):
                return redirect_to_login(page, reverse(settings.LOGIN_URL))
            return super().handle_no_permission(request, view_func)
        by_script = "HX-Request" in request.headers or "application/json" in request.headers.get(
            "Accept", ""
        )
        if not by_script:
            messages.warning(
                request, _("You are signed out, so this was not sent. Sign in and send it again.")
            )
        return redirect_to_login(page_of_form(request), reverse(settings.LOGIN_URL))


class PasswordPages:
    """Where the faculty's sign-in is the only way in, the pages about passwords are not there."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        name = request.resolver_match.url_name if request.resolver_match else None
        posted = name == "account_login" and request.method == "POST"
        if not settings.PASSWORD_LOGIN and (posted or name in PASSWORD_PAGES):
            raise Http404


def auth_limit(get_response: GetResponse) -> GetResponse:
    """Refuses (429) more forms a minute of one page under ``/auth/`` than a campus would send.

    All of a campus may share one address of the network.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.path.startswith("/auth/") and ratelimit.is_on():
            page = "/".join(request.path.split("/")[:4])  # without tokens of links
            address = get_adapter(request).get_client_ip(request)
            forms = Window(f"{page} {address}", 60)
            if forms.add() > settings.AUTH_FORMS_A_MINUTE:
                return too_many(request, forms.left())
        return get_response(request)

    return middleware


def last_seen(get_response: GetResponse) -> GetResponse:
    """Notes from time to time that a session is in use, and on which device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session = request.session
        noted = getattr(session, "last_seen", None)  # None: nothing was asked of the session
        if noted and request.user.is_authenticated and sign_ins.is_due(noted, request.user):
            with contextlib.suppress(DatabaseError):  # the page is there; this can wait
                agent = request.headers.get("User-Agent", "")
                sign_ins.note(request.user, session.session_key or "", agent)
        return response

    return middleware


def staff_second_step(get_response: GetResponse) -> GetResponse:
    """Staff without a second step see no admin page; they are led to set one up, or to take it.

    Here rather than in the admin itself, so that no page below its address is left out.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not (settings.STAFF_MFA and request.path.startswith(reverse("admin:index"))):
            return get_response(request)
        user = request.user
        if not (user.is_authenticated and user.is_staff):
            return get_response(request)  # the admin itself sends them away
        if user.has_staff_powers or request.path == reverse("admin:logout"):
            return get_response(request)
        factors = factors_of(user)
        if not factors.keys() & set(FACTORS):
            messages.warning(
                request, _("Staff sign in with two steps. Set up the second one here.")
            )
            return redirect("mfa_index")
        if user.in_two_steps:  # it was set up a moment ago
            return get_response(request)
        page = "mfa_reauthenticate" if Type.TOTP in factors else "mfa_reauthenticate_webauthn"
        return redirect(f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}")

    return middleware
