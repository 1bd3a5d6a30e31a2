"""How many pages one process makes at a time, and on which threads."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

ALIVE, READY = "/healthz", "/readyz"


class NoRoom:
    """A body that could not be kept: whoever reads it learns why."""

    def __init__(self, error: OSError) -> None:
        self._error = error

    def read(self, *_args: Any) -> bytes:
        raise self._error

    readline = read

    def close(self) -> None:
        pass


class GatedHandler(ASGIHandler):
    """Django's ASGI handler, which lets ``at_once`` requests in and the others wait their turn.

    When a hundred come at one moment, all would ask for one of the few database connections, and
    most would be turned away after seconds of waiting; here they queue where it costs nothing. A
    request counts only while its page is made: a slow upload or download keeps nobody waiting.

    Every view and middleware here is plain synchronous code, so all of a page is made in one go on
    one of a few threads that stay, its beginning and its end for Django's signals included. Django
    would go back and forth between the event loop and a new thread for each request, which cost as
    much as making the page.
    """

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self._pages = ThreadPoolExecutor(at_once, thread_name_prefix="page")
        self._health = ThreadPoolExecutor(1, thread_name_prefix="health")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def handle(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"] == ALIVE:  # a busy process is a live one: it asks nobody, needs no thread
            request, refused = self.create_request(scope, BytesIO())
            response: Any = self.get_response(request) if request else refused
            await self.send_response(response, send)
            return
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        answer = asyncio.ensure_future(self._answer(scope, body, send))
        gone = asyncio.ensure_future(receive())  # after its body a browser says no more than that
        gone.add_done_callback(lambda _gone: answer.cancel())
        try:
            await answer
        except asyncio.CancelledError:
            if not gone.done():
                raise
        finally:
            gone.cancel()
            body.close()

    async def _answer(self, scope: dict[str, Any], body: Any, send: Any) -> None:
        set_script_prefix(get_script_prefix(scope))
        request, refused = self.create_request(scope, body)
        response: Any = await self.run_get_response(request) if request else refused
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await sync_to_async(response.close)()

    async def read_body(self, receive: Any) -> Any:
        """Where the disk has no room for it, a page says so as it reads it, and how."""
        ended = False

        async def noted() -> dict[str, Any]:
            nonlocal ended
            message: dict[str, Any] = await receive()
            ended = not message.get("more_body", False)
            return message

        try:
            return await super().read_body(noted)
        except OSError as error:
            while not ended:
                if (await noted())["type"] == "http.disconnect":
                    raise RequestAborted from error
            return NoRoom(error)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        threads = self._health if request.path == READY else self._pages
        make = partial(contextvars.copy_context().run, self._make, request)
        return await asyncio.get_running_loop().run_in_executor(threads, make)

    def _make(self, request: Any) -> HttpResponseBase:
        request_started.send(sender=type(self), scope=request.scope)
        try:
            response = self.get_response(request)
            if not response.streaming:
                response.close()
            return response
        finally:
            # What is streamed is closed later, on another thread than this one.
            close_old_connections()
