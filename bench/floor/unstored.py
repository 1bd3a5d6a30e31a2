"""The site's socket without storing, at ``/bench/unstored/<id>/``: what a message costs to carry."""

import json
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import Any

from accounts.models import User
from chat import allowance, frames, protocol
from chat.consumers import TabConsumer
from chat.models import Message
from setahub.core.live import events
from setahub.core.live.subscriptions import hub
from setahub.core.server import logs

_ids = count(1)


def _shown() -> tuple[frames.Frame, frames.Frame]:
    """A message as its sender gets it and as the other does, rendered once."""
    sender = User(pk=1, username="Scale1 Student 00001")
    message = Message(
        pk=1,
        sender=sender,
        client_id=uuid.uuid4(),
        text="Hello there",
        created_at=datetime.now(UTC),
    )
    return frames.message(message, viewer=1, other=2), frames.message(message, viewer=2, other=1)


_mine, _theirs = _shown()


class Unstored(TabConsumer):
    """Parses, tells both people, answers: as the site does, on its hub and its channel layer."""

    async def connect(self) -> None:
        self.user_id = int(self.scope["path"].strip("/").rpartition("/")[2])
        logs.user_id.set(self.user_id)
        await hub().join(events.user_group(self.user_id), self)
        self.own = allowance.join(self.user_id, self)
        await self.accept()
        self.open = True

    async def _take(self, frame: protocol.Frame) -> None:
        if isinstance(frame, protocol.Send):
            await self._send(self._told(frame))
        else:
            await self._send(frames.pong(None, True))

    def _told(self, frame: protocol.Send) -> frames.Frame:
        """Tell both; the acknowledgement."""
        said: dict[str, Any] = {
            "id": next(_ids),
            "client_id": str(frame.client_id),
            "from": self.user_id,
            "to": frame.to,
            "text": frame.text,
            "created_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        _push(events.user_group(self.user_id), _mine | said)
        _push(
            events.user_group(frame.to), _theirs | said, frames.unread(said["id"], self.user_id, 1)
        )
        return {
            "type": "message.ack",
            **{name: said[name] for name in ("client_id", "id", "created_at")},
        }


def _push(group: str, *told: frames.Frame) -> None:
    """As ``events.push``, which would wait for a transaction."""
    texts = [json.dumps(frame, ensure_ascii=False) for frame in told]
    events._publisher.send({"type": "live.frames", "frames": texts, "group": group})
