"""What happens at every request of somebody signed in, and to whoever sends too many forms."""

import contextlib
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import languages, mfa, sign_ins
from setahub.core.web import ratelimit
from setahub.core.web.expired import page_of_form
from setahub.core.web.ratelimit import Window
from setahub.core.web.streaming import page_that_offers
from setahub.core.web.too_many import too_many

GetResponse = Callable[[HttpRequest], HttpResponse]


class Authentication(AuthenticationMiddleware):
    """Django's, but the user comes along with the session, rather than by a query of its own."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]


def _user(request: HttpRequest) -> User | AnonymousUser:
    if not hasattr(request, "_cached_user"):  # as Django names it
        found = request.session.user() or auth.get_user(request)  # type: ignore[attr-defined]
        if isinstance(found, User) and found.is_staff:
            found.in_two_steps = mfa.in_two_steps(request, found)
        request._cached_user = found  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined]


def language(get_response: GetResponse) -> GetResponse:
    """Somebody signed in reads their own language; who has none yet keeps that of this visit."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Pictures have no words, and are worth no query.
        if not request.path.startswith(settings.MEDIA_URL) and request.user.is_authenticated:
            languages.read_by(request.user)
        return get_response(request)

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Django's; who sent a form and is signed out is told so, and comes back to the form's page."""

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


def auth_limit(get_response: GetResponse) -> GetResponse:
    """Refuses (429) more forms a minute of one page under ``/auth/`` than a campus would send.

    All of a campus may share one address of the network.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.path.startswith("/auth/") and ratelimit.is_on():
            page = "/".join(request.path.split("/")[:4])  # without tokens of links
            address = get_adapter(request).get_client_ip(request)
            sent = Window(f"{page} {address}", 60)
            if sent.add() > settings.AUTH_FORMS_A_MINUTE:
                return too_many(request, sent.left())
        return get_response(request)

    return middleware


def last_seen(get_response: GetResponse) -> GetResponse:
    """Notes every now and then that a session is in use, and on which device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session = request.session
        seen = getattr(session, "last_seen", None)  # None: nothing was asked of the session
        if seen and request.user.is_authenticated and sign_ins.is_due(seen, request.user):
            with contextlib.suppress(DatabaseError):  # the page is there; this can wait
                agent = request.headers.get("User-Agent", "")
                sign_ins.note(request.user, session.session_key or "", agent)
        return response

    return middleware


def staff_second_step(get_response: GetResponse) -> GetResponse:
    """Staff without a second step see no admin page; they are led to set one up, or to take it.

    Here and not in the admin itself, so that no page below its address is ever left out.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not (settings.STAFF_MFA and request.path.startswith(reverse("admin:index"))):
            return get_response(request)
        user = request.user
        if not (user.is_authenticated and user.is_staff):
            return get_response(request)  # the admin itself sends them away
        if user.has_staff_powers or request.path == reverse("admin:logout"):
            return get_response(request)
        away = mfa.missing_step(request, user)
        if not away:  # it was set up a moment ago
            return get_response(request)
        if away == reverse("mfa_index"):
            messages.warning(request, _("Staff sign in in two steps. Set up the second one here."))
        return HttpResponseRedirect(away)

    return middleware
