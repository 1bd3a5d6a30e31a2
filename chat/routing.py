"""The WebSocket's address and the door before it."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.routing import URLRouter
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import path, re_path

from chat.consumers import TabConsumer

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

DEFAULT_PORTS = {"http": 80, "https": 443}


def same_origin(headers: dict[bytes, bytes], scheme: str) -> bool:
    """Whether the ``Origin`` is the page's own: scheme, host and port, on a host that is ours.

    Behind a proxy the scheme is what ``X-Forwarded-Proto`` says, of several proxies the first.
    Another site's page can't set that header, nor the host, so it needs no proof.
    """
    request = HttpRequest()
    request.META["HTTP_HOST"] = headers.get(b"host", b"").decode("latin1").lower()
    try:
        host = request.get_host()
    except DisallowedHost:
        return False
    forwarded = headers.get(b"x-forwarded-proto", scheme.encode()).decode("latin1").lower()
    scheme = forwarded.split(",")[0].strip()
    own = _origin(f"{scheme}://{host}")
    return own is not None and own == _origin(headers.get(b"origin", b"").decode("latin1").lower())


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None when it isn't one of a web page."""
    try:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.path or parts.query or parts.username or not parts.hostname or port is None:
        return None
    if parts.scheme not in DEFAULT_PORTS:
        return None
    return parts.scheme, parts.hostname, port


def from_own_pages(application: Application) -> Application:
    """Refuses (403) the handshake of any page that isn't one of this site's."""

    async def door(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        scheme = {"wss": "https"}.get(scope.get("scheme", "ws"), "http")
        if same_origin(dict(scope["headers"]), scheme):
            return await application(scope, receive, send)
        await receive()
        await send({"type": "websocket.close"})

    return door


async def refuse(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """There is no socket at this address."""
    await receive()
    await send({"type": "websocket.close"})


websocket_application = from_own_pages(
    URLRouter([path("ws/", TabConsumer.as_asgi()), re_path("", refuse)])  # type: ignore[arg-type]
)
