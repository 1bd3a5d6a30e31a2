"""How many pages one process makes at a time."""

import asyncio

from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEALTH = ("/healthz", "/readyz")


class GatedHandler(ASGIHandler):
    """Django's ASGI handler, which lets ``at_once`` requests in and the others wait their turn.

    Under ASGI every request has a thread of its own. When a hundred come at one moment, all would
    ask for one of the few database connections, and most would be turned away after seconds of
    waiting; here they queue where it costs nothing. A request counts only while its page is made:
    a slow upload or download keeps nobody waiting.
    """

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self._gate = asyncio.Semaphore(at_once)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in HEALTH:  # a busy process is a live one
            return await super().get_response_async(request)
        async with self._gate:
            return await super().get_response_async(request)
