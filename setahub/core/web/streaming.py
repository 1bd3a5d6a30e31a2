"""Files to take along: sent while they are made, and offered on a page of the site."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

View = TypeVar("View", bound=Callable[..., Any])
_PAGE = "page_of_file"


def file_response(
    request: HttpRequest, chunks: Iterator[bytes], name: str, content_type: str
) -> StreamingHttpResponse:
    """A file in pieces, each sent before the next is made, on any server."""
    # Under ASGI Django would read all of a plain iterator into memory first.
    content = _apart(chunks) if isinstance(request, ASGIRequest) else chunks
    response = StreamingHttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _apart(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each chunk made in the request's own thread, where its database connection is."""
    while (chunk := await sync_to_async(_following)(chunks)) is not None:
        yield chunk


def _following(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


def offered_on(page: Callable[..., str]) -> Callable[[View], View]:
    """Marks a view that gives a file. ``page``: arguments of the view -> address of the page that

    has its link. Who has to sign in first is led there: the browser would take the file and stay
    on the page where one signs in.
    """

    def mark(view: View) -> View:
        setattr(view, _PAGE, page)
        return view

    return mark


def page_that_offers(request: HttpRequest, view: Callable[..., Any]) -> str:
    """The address of the page for the file that this view gives, or "" when it gives none."""
    page: Callable[..., str] | None = getattr(view, _PAGE, None)
    if page is None or request.resolver_match is None:
        return ""
    return page(**request.resolver_match.kwargs)
