"""Middleware of no one app."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from csp.utils import build_policy
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_only_middleware

from setahub import views

GetResponse = Callable[[HttpRequest], HttpResponse]


def _database_answers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache_answers() -> None:
    # Our Redis cache hides outages from everybody else; here the truth is wanted.
    ping = getattr(cache, "ping", None)
    if ping is not None:
        ping()


READINESS: dict[str, Callable[[], None]] = {"database": _database_answers, "cache": _cache_answers}


def health(get_response: GetResponse) -> GetResponse:
    """Answers ``/healthz`` and ``/readyz`` before the redirect to https and the host check.

    ``/healthz``: 200 while the process is alive. ``/readyz``: 200 when every part that it needs
    answers, else 503 with the names of those that don't.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return _plain(JsonResponse({"status": "ok"}))
        if request.path == "/readyz":
            failed = [name for name, check in READINESS.items() if not _answers(check)]
            body = {"status": "unavailable" if failed else "ok", "failed": failed}
            return _plain(JsonResponse(body, status=503 if failed else 200))
        return get_response(request)

    return middleware


def _answers(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # whatever went wrong, this part isn't ready
        return False
    return True


def _plain(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def htmx(get_response: GetResponse) -> GetResponse:
    """The same address answers htmx with a fragment and a browser with a page: say so to caches.

    Pages belong to their reader alone and are never kept by a shared cache. A redirect to the login
    page, when a session has ended meanwhile, is for the whole page and not for a part of it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "HX-Request" in request.headers and response.status_code == 302:
            login = resolve_url(settings.LOGIN_URL)
            if response.headers["Location"].startswith(login):
                here = urlsplit(request.headers.get("HX-Current-URL", ""))
                back = f"?{urlencode({'next': here.path})}" if here.path else ""
                response = HttpResponse(status=401, headers={"HX-Redirect": login + back})
        patch_vary_headers(response, ["HX-Request"])
        response.headers.setdefault("Cache-Control", "private, no-cache")
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


@sync_only_middleware
def sync_only(get_response: GetResponse) -> GetResponse:
    """Does nothing; being last and sync, it makes Django run all middleware in one thread hop.

    Under Daphne that is a third faster than a hop for each of them.
    """
    return get_response
