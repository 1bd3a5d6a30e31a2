"""Pages of which htmx fetches a part."""

from django.http import HttpRequest


def wants_part(request: HttpRequest) -> bool:
    """Whether a part is wanted; going back in the history restores a whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
