"""The page that says that something was done too often, and when to try again."""

from allauth.core.internal.ratelimit import respond_429
from django.http import HttpRequest, HttpResponse


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429; ``setahub.middleware.retry_after`` says the same in a header."""
    request.retry_minutes = -(-seconds // 60)  # type: ignore[attr-defined]
    return respond_429(request)
