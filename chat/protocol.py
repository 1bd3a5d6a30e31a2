"""What browsers send over the WebSocket: pure functions from text to frames.

Source: section 4 of the specification. Nothing here knows a database or a socket.
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

FRAME_MAX = 64 * 1024  # bytes
ID_MAX = 2**63 - 1

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class ProtocolError(Exception):
    """A frame that can't be taken. ``code`` is ``invalid`` or ``too_long``."""

    def __init__(self, code: str, detail: str, client_id: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.client_id = client_id


@dataclass(frozen=True)
class Send:
    """A text for somebody."""

    to: int
    client_id: uuid.UUID
    text: str


@dataclass(frozen=True)
class Typing:
    """The user is typing to somebody."""

    to: int


@dataclass(frozen=True)
class Read:
    """The user has seen the conversation with somebody up to a message."""

    other: int
    last_id: int


@dataclass(frozen=True)
class Watch:
    """The conversation that the page has open, or None."""

    other: int | None


@dataclass(frozen=True)
class Ping:
    """Are you there, and what is the newest message? ``user``: whose page asks, where it says so."""

    user: int | None = None


Frame = Send | Typing | Read | Watch | Ping


def parse(text: str | None) -> Frame:
    """A frame from its text (None for a binary one). Raises ProtocolError."""
    if text is None:
        raise ProtocolError("invalid", _("Frames are JSON text."))
    # What is short even at four bytes a character needs no measuring.
    if len(text) * 4 > FRAME_MAX and len(text.encode(errors="replace")) > FRAME_MAX:
        raise ProtocolError("too_long", _("A frame has at most 64 KiB."))
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("invalid", _("This is not JSON.")) from error
    if not isinstance(data, dict):
        raise ProtocolError("invalid", _("A frame is a JSON object."))
    kind = data.get("type")
    if not isinstance(kind, str) or kind not in _PARSERS:
        raise ProtocolError("invalid", _("This type of frame is not known."), _echo(data))
    return _PARSERS[kind](data)


def client_id_in(text: str | None) -> str | None:
    """The ``client_id`` of a frame that is not looked at further, where it has one."""
    if text is None or len(text) > FRAME_MAX:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _echo(data) if isinstance(data, dict) else None


def _send(data: dict[str, Any]) -> Send:
    client_id = _uuid(data)
    text = data.get("text")
    if not isinstance(text, str):
        raise ProtocolError("invalid", _("“text” is the message."), _echo(data))
    return Send(_id(data, "to"), client_id, text.replace("\r\n", "\n").replace("\r", "\n"))


def _watch(data: dict[str, Any]) -> Watch:
    return Watch(None if data.get("with", 0) is None else _id(data, "with"))


_PARSERS: dict[str, Callable[[dict[str, Any]], Frame]] = {
    "message.send": _send,
    "typing": lambda data: Typing(_id(data, "to")),
    "message.read": lambda data: Read(_id(data, "with"), _id(data, "last_id")),
    "watch": _watch,
    "ping": lambda data: Ping(_id(data, "user") if "user" in data else None),
}


def _id(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    # True is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= ID_MAX:
        raise ProtocolError("invalid", _("“%(name)s” is an id.") % {"name": name}, _echo(data))
    return value


def _uuid(data: dict[str, Any]) -> uuid.UUID:
    client_id = as_uuid(data.get("client_id"))
    if client_id is None:
        raise ProtocolError("invalid", _("“client_id” is a UUID."), _echo(data))
    return client_id


def as_uuid(value: object) -> uuid.UUID | None:
    """A UUID in its usual form with hyphens, or None for anything else."""
    # The constructor takes much more: braces, digits of other scripts, hyphens anywhere.
    return uuid.UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


def _echo(data: dict[str, Any]) -> str | None:
    """The frame's ``client_id`` where it is one, so that the page knows which message failed."""
    client_id = as_uuid(data.get("client_id"))
    return str(client_id) if client_id else None
