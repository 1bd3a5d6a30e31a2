"""The page that says that something was done too often, and when to try again."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429. ``request.retry_minutes`` is for the middleware that says so in a header as well."""
    request.retry_minutes = -(-seconds // 60)  # type: ignore[attr-defined]
    return render(request, "429.html", status=429)


def say_when(request: HttpRequest, refused: Exception | BaseForm) -> None:
    """Have the header say when to try again, where this refusal knows it."""
    seconds = getattr(refused, "seconds", None)
    if isinstance(refused, BaseForm):
        errors = [each for some in refused.errors.as_data().values() for each in some]
        seconds = max(((each.params or {}).get("seconds", 0) for each in errors), default=0)
    if seconds:
        request.retry_minutes = -(-seconds // 60)  # type: ignore[attr-defined]
