"""Tabs on real server processes: sockets over the network, and forms as browsers post them."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.conf import settings
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from accounts.models import User
from chat.tests.servers import Daphne
from chat.tests.tabs import WITHIN, session_of


class RemoteTab:
    """One tab of somebody on one of the processes: ``with RemoteTab(daphne, user) as tab``."""

    socket: ClientConnection

    def __init__(self, daphne: Daphne, user: User, session_key: str = "") -> None:
        key = session_key or session_of(user).session_key
        self._connecting: Any = connect(
            daphne.socket_url,
            origin=Origin(daphne.url),
            additional_headers=Headers(Cookie=f"{settings.SESSION_COOKIE_NAME}={key}"),
            open_timeout=WITHIN,
            close_timeout=WITHIN,
        )

    def __enter__(self) -> Self:
        self.socket = self._connecting.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connecting.__exit__(*error)

    def say(self, type: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": type, **fields}))

    def send_message(self, to: User, text: str) -> dict[str, Any]:
        """Send a message; gives its one answer."""
        client_id = str(uuid.uuid4())
        self.say("message.send", to=to.pk, client_id=client_id, text=text)
        return self.next("message.ack", "error")

    def next(self, *types: str) -> dict[str, Any]:
        """The next frame of these types; what comes before it is passed over."""
        while True:
            frame = json.loads(self.socket.recv(WITHIN))
            if frame["type"] in types:
                return frame

    def texts(self, count: int) -> list[str]:
        """What the next messages say."""
        return [self.next("message")["text"] for _ in range(count)]

    def pong(self) -> dict[str, Any]:
        self.say("ping")
        return self.next("pong")

    def becomes(self, *, live: bool) -> bool:
        """Asks until the server says so, again after whatever it sends; nothing tells of this."""
        late = time.monotonic() + WITHIN
        while self.pong()["live"] is not live:
            assert time.monotonic() < late, "it did not happen in time"
            with suppress(TimeoutError):
                self.socket.recv(0.1)  # more often than that nobody may ask for long
        return True

    def closed(self) -> int | None:
        """The code that the server closes with."""
        try:
            while True:
                self.socket.recv(WITHIN)
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else None


def post(daphne: Daphne, path: str, session_key: str, **form: str) -> bytes:
    """Send a form; what the answer, or the page that it leads to, says."""
    token = "a" * 32
    cookies = f"{settings.SESSION_COOKIE_NAME}={session_key}; csrftoken={token}"
    request = Request(
        daphne.url + path,
        urlencode({**form, "csrfmiddlewaretoken": token}).encode(),
        {"Cookie": cookies, "Accept": "application/json, text/html;q=0.9"},
    )
    with urlopen(request, timeout=WITHIN) as response:
        return response.read()


def post_message(daphne: Daphne, sender: User, to: User, text: str) -> dict[str, Any]:
    """Send a message by form; its acknowledgement."""
    key = session_of(sender).session_key or ""
    said = post(daphne, f"/messages/{to.pk}/", key, text=text, client_id=str(uuid.uuid4()))
    return json.loads(said)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fails when what is inside takes longer: a promise of the specification, not a measurement."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds
