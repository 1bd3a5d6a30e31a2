"""What the server sends over the WebSocket, as dictionaries."""

import uuid
from datetime import datetime
from typing import Any

from django.urls import reverse

from chat.models import Message
from chat.rendering import message_html

Frame = dict[str, Any]


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def ack(message: Message) -> Frame:
    """The answer to a stored message, to the socket that sent it."""
    return {
        "type": "message.ack",
        "client_id": str(message.client_id),
        "id": message.pk,
        "created_at": _iso(message.created_at),
    }


def message(message: Message, *, viewer: int, other: int) -> Frame:
    """A message for one of its two people; ``html`` is what that person's page shows."""
    image = reverse("chat:image", args=[message.pk]) if message.image else None
    return {
        "type": "message",
        "id": message.pk,
        "client_id": str(message.client_id) if message.client_id else None,
        "from": message.sender_id,
        "to": other if message.sender_id == viewer else viewer,
        "text": message.words,
        "kind": message.kind,
        "prev": message.prev,
        "image_url": image,
        "thumb_url": f"{image}?size=thumb" if image else None,
        "width": message.width,
        "height": message.height,
        "created_at": _iso(message.created_at),
        "html": message_html(message, viewer, live=True),
    }


def message_read(reader: int, last_id: int) -> Frame:
    """Somebody has read up to a message."""
    return {"type": "message.read", "by": reader, "last_id": last_id}


def unread(total: int, other: int, count: int) -> Frame:
    """A person's badges: in all, and of the conversation with somebody."""
    return {"type": "unread", "total": total, "with": other, "count": count}


def typing(sender: int) -> Frame:
    return {"type": "typing", "from": sender}


def presence(user_id: int, online: bool) -> Frame:
    return {"type": "presence", "user": user_id, "online": online}


def pong(last: int | None, live: bool) -> Frame:
    return {"type": "pong", "last": last, "live": live}


def error(code: str, detail: str, client_id: uuid.UUID | str | None) -> Frame:
    return {
        "type": "error",
        "code": code,
        "detail": detail,
        "client_id": str(client_id) if client_id else None,
    }
