"""The site with two floors in the same process: a bare Channels echo at ``/bench/echo/``, and its
own socket without storing at ``/bench/unstored/<id>/``."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.floor.settings")

from channels.generic.websocket import AsyncWebsocketConsumer

from setahub.asgi import application as site

from bench.floor.unstored import Unstored  # isort: skip  (the site loads the apps)


class Echo(AsyncWebsocketConsumer):
    """Sends back what comes."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(text_data=text_data)


echo = Echo.as_asgi()
unstored = Unstored.as_asgi()


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    door: Any = site
    if scope.get("path") == "/bench/echo/":
        door = echo
    elif scope.get("path", "").startswith("/bench/unstored/"):
        door = unstored
    await door(scope, receive, send)
