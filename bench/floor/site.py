"""The site with a bare Channels echo in the same process, at ``/bench/echo/``."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.floor.settings")

from channels.generic.websocket import AsyncWebsocketConsumer

from setahub.asgi import application as site


class Echo(AsyncWebsocketConsumer):
    """Sends back what comes."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(text_data=text_data)


echo = Echo.as_asgi()


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    door: Any = echo if scope.get("path") == "/bench/echo/" else site
    await door(scope, receive, send)
