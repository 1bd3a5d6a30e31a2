"""What the site holds about a person: given to them, and erased when they leave.

Each app says so for its own tables, in a module ``personal.py`` that its AppConfig imports::

    privacy.register(
        Part(
            "bookings",                      # becomes bookings.json
            _("Your bookings …"), _("So that …"), _("Until …"),  # on the page on privacy
            export=bookings_of,              # user -> lists and dicts; nothing private of others
            erase=forget,                    # user -> None; inside the transaction
            gone=["topics.Registration.user"],
            kept=["scheduling.Booking.student"],
        )
    )

``gone`` are relations that no longer point at the person after ``erase``; ``kept`` those that stay,
as the history of others, with what is then called "Deleted user". A test walks all models: a relation to
a user that no part names fails it. ``mentions`` are text fields in which staff or programs may
have written the name or an address; these are removed.
"""

import json
import zipfile
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models.fields.files import FieldFile
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import mentions

CHUNK = 256 * 1024  # bytes of a picture that are in memory at once


def _nothing(user: User) -> Any:
    return None


@dataclass(frozen=True)
class Part:
    """One app's share: ``what`` is kept, ``why``, and ``until`` when, as the page on privacy says it.

    In words that are translated when they are read. ``of_staff``: kept of the faculty's staff alone.
    ``pictures``: those of the user, each with its name in the archive.
    """

    name: str
    what: str | Promise
    why: str | Promise
    until: str | Promise
    export: Callable[[User], Any]
    erase: Callable[[User], None] = _nothing
    pictures: Callable[[User], Iterable[tuple[str, FieldFile]]] = lambda user: ()
    gone: Sequence[str] = ()
    kept: Sequence[str] = ()
    mentions: Sequence[str] = ()
    of_staff: bool = False


parts: list[Part] = []  # in the order in which the apps were loaded


def told() -> list[Part]:
    """The parts as people are told of them; what is kept of everybody comes first."""
    return sorted(parts, key=lambda part: part.of_staff)


def register(*new: Part) -> None:
    parts.extend(new)


def archive(user: User) -> Generator[bytes, None, None]:
    """All that the site holds about the user, as a ZIP: a JSON file for each part, and pictures.

    The database is read at once, pictures while they are sent, a block at a time.
    """
    texts = {f"{part.name}.json": _json(part.export(user)) for part in parts}
    texts["README.txt"] = _(
        "This is what SETAHub holds about you. Times are in UTC. Left out are your password and the"
        " keys of your second step, which would only serve a thief, and what others wrote."
    )
    pictures = [each for part in parts for each in part.pictures(user)]
    return _zip(texts, pictures)


def erase(user: User) -> None:
    """Erase what each app holds; the name goes last, since the others may need it.

    Inside the caller's transaction.
    """
    fields = [field for part in parts for field in part.mentions]
    mentions.forget(mentions.words_of(user), fields)
    for part in reversed(parts):
        part.erase(user)


def _json(data: Any) -> str:
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


class _Sink:
    """A file that can only be written to; keeps what was written until ``take``."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def _zip(
    texts: dict[str, str], pictures: list[tuple[str, FieldFile]]
) -> Generator[bytes, None, None]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for name, text in texts.items():
            archive.writestr(name, text, zipfile.ZIP_DEFLATED)
        yield sink.take()
        for name, picture in pictures:
            try:
                file = picture.storage.open(str(picture.name))
            except OSError:  # gone from the disk; the rest is still theirs
                continue
            with file, archive.open(f"pictures/{name}", "w") as entry:
                for chunk in file.chunks(CHUNK):
                    entry.write(chunk)
                    yield sink.take()
    yield sink.take()
