"""Middleware of no one app."""

import logging
from collections.abc import Callable
from time import perf_counter
from urllib.parse import urlencode

from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from setahub.core.images import MAX_REQUEST_BYTES
from setahub.core.server import logs
from setahub.core.server.health import failed_parts
from setahub.core.web import addresses, expired
from setahub.site import views

GetResponse = Callable[[HttpRequest], HttpResponse]

OF_NO_LANGUAGE = ("image/", "text/javascript")

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("setahub.access")

# What pages of this site never ask of a browser. Passkeys and the clipboard stay as they are.
PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
        "encrypted-media", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi",
        "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


def health(get_response: GetResponse) -> GetResponse:
    """Answers ``/healthz`` and ``/readyz`` before the redirect to https and the host check.

    ``/healthz``: 200 while the process is alive. ``/readyz``: 200 when every part that it needs
    answers, else 503 with the names of those that don't.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return _plain(JsonResponse({"status": "ok"}))
        if request.path == "/readyz":
            failed = failed_parts()
            if failed:
                logger.warning("not ready: %s", ", ".join(failed))
            body = {"status": "unavailable" if failed else "ok", "failed": failed}
            return _plain(JsonResponse(body, status=503 if failed else 200))
        return get_response(request)

    return middleware


def _plain(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = PERMISSIONS
    return response


def access(get_response: GetResponse) -> GetResponse:
    """One log line for each request, and an id that ties it to all that was logged meanwhile.

    The line has method, path without the query, status, milliseconds and the user's id, and nothing
    else of the person. The id goes out as ``X-Request-ID``; one that comes in is taken from a proxy
    only, since anybody could send it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID") if settings.TRUSTED_PROXIES else None
        id_ = logs.id_for_request(given)
        logs.request_id.set(id_)
        begun = perf_counter()
        try:
            response = get_response(request)
            access_logger.info(
                "%s %s %d %dms user=%s",
                (request.method or "-")[:10],
                logs.shown_path(request.path),
                response.status_code,
                round((perf_counter() - begun) * 1000),
                # Only when the view has asked for the user: a log line is worth no query.
                getattr(getattr(request, "asked_user", None), "pk", None) or "-",
            )
        finally:
            logs.request_id.set("")  # threads go on to the next request
        response.headers["X-Request-ID"] = id_
        return response

    return middleware


def language(get_response: GetResponse) -> GetResponse:
    """Answers in the language that a visitor chose, else that of the browser.

    Somebody signed in has one of their own (``accounts.middleware.language``). Whatever is active
    when the answer is done ends with it: the thread goes on to other people.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            response = get_response(request)
            if not response.headers.get("Content-Type", "").startswith(OF_NO_LANGUAGE):
                response.headers.setdefault("Content-Language", translation.get_language())
                patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    return middleware


def bounded(get_response: GetResponse) -> GetResponse:
    """Refuses a request that says itself that it is too large, before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isascii() and length.isdigit() and int(length[:18]) > MAX_REQUEST_BYTES:
            return views.too_large(request)
        return get_response(request)

    return middleware


def permissions(get_response: GetResponse) -> GetResponse:
    """Forbids, in every page and whatever it embeds, the powers of a browser that none needs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS
        return response

    return middleware


def htmx(get_response: GetResponse) -> GetResponse:
    """The same address answers htmx with a fragment and a browser with a page: say so to caches.

    A redirect to the login page, when a session has ended meanwhile, is for the whole page and not
    for a part of it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "HX-Request" in request.headers and response.status_code == 302:
            login = resolve_url(settings.LOGIN_URL)
            if response.headers["Location"].startswith(login):
                if request.method == "POST":  # with a form around it, which must not be lost
                    return expired.part(request, expired.signed_out(request), 401)
                here = addresses.split(request.headers.get("HX-Current-URL", ""))
                back = f"?{urlencode({'next': here.path})}" if here.path else ""
                response = HttpResponse(status=401, headers={"HX-Redirect": login + back})
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


NO_READER = "0"  # in the cookie: who was signed in is so no longer
PRIVATE_CACHING = "private, no-store"
CLEARED_DATA = '"cache"'  # what a browser forgets when somebody leaves it
PUBLIC_CACHING = "private, no-cache"
# Their addresses, or what they show, let somebody in without signing in.
SECRET_PAGES = ("/auth/", "/email/", "/calendar/")


def reader(get_response: GetResponse) -> GetResponse:
    """What is made for one person stays with them, also where the computer is shared.

    Pages of whoever is signed in are kept by nobody. A cookie tells scripts who is signed in now
    (static/js/reader.js compares it with whom a page was made for), and when that is somebody else
    than before, or nobody, the browser empties its cache. ``X-Viewer`` names whom an answer was made
    for: by it a script tells an answer of this site from what a network in between gives in its
    place, and from one for somebody else.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # The user that the view asked for; an answer that asked for nobody is nobody's. Signing in and
        # out puts a user of its own into the request.
        before = getattr(request, "asked_user", None)
        now = before if isinstance(request.user, SimpleLazyObject) else request.user
        private = _id(now) or _id(before) or request.path.startswith(SECRET_PAGES)
        response.headers.setdefault("Cache-Control", PRIVATE_CACHING if private else PUBLIC_CACHING)
        if now is None:
            return response
        if viewer := _id(now):
            response.headers["X-Viewer"] = viewer
        cookie = request.COOKIES.get(settings.READER_COOKIE_NAME)
        earlier = {_id(before), cookie} - {"", None, NO_READER, _id(now)}
        if earlier:
            response.headers["Clear-Site-Data"] = CLEARED_DATA
        if earlier or (_id(now) and cookie != _id(now)):
            response.set_cookie(
                settings.READER_COOKIE_NAME,
                _id(now) or NO_READER,
                max_age=_age(request) if _id(now) else None,
                secure=settings.HTTPS,
                samesite="Lax",
            )
        return response

    return middleware


def _age(request: HttpRequest) -> int | None:
    """How long the session's own cookie stays, in seconds; None: until the browser is closed.

    The service worker shows somebody's bookings only beside this one (static/sw/offline.js).
    """
    session = request.session
    return None if session.get_expire_at_browser_close() else session.get_expiry_age()


def _id(user: AbstractBaseUser | AnonymousUser | None) -> str:
    return str(user.pk) if user is not None and user.is_authenticated else ""


def retry_after(get_response: GetResponse) -> GetResponse:
    """Every 429 says when to try again: in the minutes that the view knows, else in five."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 429:
            minutes = getattr(
                request, "retry_minutes", 5 if request.path.startswith("/auth/") else 1
            )
            response.headers.setdefault("Retry-After", str(minutes * 60))
        return response

    return middleware


class ErrorPages:
    """The site's own error pages where Django would show another one, or none.

    With DEBUG on, its pages for 404 and 400 carry styles that our policy refuses and tell visitors
    of the demo about the code; a 405 comes without a word. Errors of ours keep their traceback.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.DEBUG and response.status_code == 404 and request.resolver_match is None:
            return _under_policy(views.not_found(request))
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", "5")
        if response.status_code == 405 and not response.content:
            allowed = response.headers["Allow"]
            response = views.not_allowed(request)
            response.headers["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if settings.DEBUG and isinstance(error, Http404):
            return _under_policy(views.not_found(request, error))
        if settings.DEBUG and isinstance(error, BadRequest | SuspiciousOperation):
            return views.bad_request(request, error)
        return None


def _under_policy(response: HttpResponse) -> HttpResponse:
    """With the policy that django-csp leaves off a 404 while DEBUG is on."""
    response.headers["Content-Security-Policy"] = build_policy()
    return response
