"""Files to take along: sent while they are made, and offered on a page of the site."""

from collections.abc import Callable, Generator
from typing import Any, Self, TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse

View = TypeVar("View", bound=Callable[..., Any])
_PAGE = "page_of_file"


def file_response(
    request: HttpRequest, chunks: Generator[bytes, None, None], name: str, content_type: str
) -> StreamingHttpResponse:
    """A file in pieces, each sent before the next is made, on any server."""
    # Under ASGI Django would read all of a plain iterator into memory first.
    content = chunks if "wsgi.version" in request.META else _Apart(chunks)
    response = StreamingHttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Apart:
    """Each chunk made in the request's own thread, where its database connection is.

    Django closes it there too, also when the other side went away in the middle.
    """

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await sync_to_async(self._following)()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def _following(self) -> bytes | None:
        return next(self._chunks, None)

    def close(self) -> None:
        self._chunks.close()


def offered_on(page: Callable[..., str]) -> Callable[[View], View]:
    """Marks a view that gives a file. ``page``: arguments of the view -> address of the page that

    has its link. Whoever has to sign in first is led there: the browser would take the file and stay
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
