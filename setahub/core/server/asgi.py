"""What the ASGI server leaves to its application: a line for each socket, and an orderly stop.

Daphne ends by cancelling whatever runs: a page half made is cut off, and sockets vanish without a
word. Here a stopping process takes no new connections, closes its sockets with a code that sends
browsers elsewhere, and finishes the requests that it has.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from setahub.core.server import logs

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

RESTARTING = 4503  # come back, it is not about you; Daphne can't send 1001 and 1012
SOCKETS_END_WITHIN = 3.0  # seconds, for browsers to answer the farewell
REQUESTS_END_WITHIN = 25.0  # seconds; less than what docker-compose.yml gives before it kills
FLUSH = 0.2  # seconds in which the last answer leaves the process

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("setahub.access")


# --- Logs ---------------------------------------------------------------------------------------


def logged(application: Application) -> Application:
    """Two log lines for a socket, when it opens and when it closes, with an id in common."""

    async def with_lines(scope: Scope, receive: Receive, send: Send) -> None:
        logs.request_id.set(logs.id_for_request(None))
        path = logs.shown_path(scope["path"])
        begun = perf_counter()
        told = accepted = False
        code = 1006  # RFC 6455: closed without a word

        async def received() -> dict[str, Any]:
            # The application asks again once it has dealt with the connection: now it knows whose.
            nonlocal told, code
            if accepted and not told:
                told = True
                access_logger.info("WS %s open user=%s", path, logs.user_id.get() or "-")
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code = message.get("code") or code
            return message

        async def sent(message: dict[str, Any]) -> None:
            nonlocal accepted, code
            if message["type"] == "websocket.accept":
                accepted = True
            elif message["type"] == "websocket.close":
                code = message.get("code") or 1000 if accepted else 403
            await send(message)

        try:
            await application(scope, received, sent)
        finally:
            access_logger.info(
                "WS %s %s %d %dms user=%s",
                path,
                "closed" if accepted else "refused",
                code,
                round((perf_counter() - begun) * 1000),
                logs.user_id.get() or "-",
            )

    return with_lines


# --- Stopping -----------------------------------------------------------------------------------


class Graceful:
    """An ASGI application that ends what it has begun when the server stops."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._running: dict[asyncio.Future[None], tuple[str, Send]] = {}
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        work = asyncio.ensure_future(self._application(scope, receive, send))
        self._running[work] = (scope["type"], send)
        work.add_done_callback(self._running.pop)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if not self._stopping:
                work.cancel()
            await asyncio.wait({work})
            raise

    async def stop(self) -> None:
        """Close the sockets, then wait for the requests; what takes too long is cut off."""
        self._stopping = True
        sockets = {work: send for work, (kind, send) in self._running.items() if kind != "http"}
        requests = self._running.keys() - sockets.keys()
        logger.info("Stopping: %d requests, %d sockets", len(requests), len(sockets))
        farewell = {"type": "websocket.close", "code": RESTARTING}
        await asyncio.gather(*(send(farewell) for send in sockets.values()), return_exceptions=True)
        await self._end(sockets.keys(), SOCKETS_END_WITHIN)
        await self._end(requests, REQUESTS_END_WITHIN)
        if requests:
            await asyncio.sleep(FLUSH)

    async def _end(self, works: Any, within: float) -> None:
        if works:
            _done, late = await asyncio.wait(works, timeout=within)
            for work in late:
                work.cancel()


def stop_with_daphne(application: Graceful) -> None:
    """Have ``application`` stopped in order when Daphne is. Does nothing under another server."""
    if "daphne.server" not in sys.modules:
        return
    from twisted.internet import defer, tcp

    reactor: Any = sys.modules["twisted.internet.reactor"]
    daphne: Any = sys.modules["daphne.server"]
    # It would cancel what runs, and what was taken in but has not begun, which nobody then answers.
    daphne.Server.kill_all_applications = lambda server: None

    def stop() -> defer.Deferred[None]:
        for reader in reactor.getReaders():
            if isinstance(reader, tcp.Port):
                reader.stopListening()
        return defer.Deferred.fromFuture(asyncio.ensure_future(application.stop()))

    reactor.addSystemEventTrigger("before", "shutdown", stop)
