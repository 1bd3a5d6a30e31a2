"""Where uploads are kept: a folder, in which nothing half-written ever has its name."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from setahub.core.live.events import Outage
from setahub.core.outage import trouble

CANNOT_STORE = _("Pictures can't be stored right now. Please try again later.")

_outage = Outage("storing pictures")

# How to take away again what the transaction of ``atomic_with_pictures`` has stored.
_undo: ContextVar[list[Callable[[], None]] | None] = ContextVar("undo", default=None)


@contextmanager
def atomic_with_pictures() -> Iterator[None]:
    """A transaction; the pictures stored within it go again where it is not committed.

    Of a commit whose answer was lost nobody knows whether it was done, and a row without its picture
    is worse than a picture without its row: there they stay. Within another one of these, it is the
    outer one that commits.
    """
    undo: list[Callable[[], None]] = []
    written, committed = False, False

    def note() -> None:
        nonlocal committed
        committed = True

    outer = _undo.get()
    _undo.set(undo)
    try:
        with transaction.atomic():
            transaction.on_commit(note)
            yield
            written = True
    except BaseException as error:
        if not committed and (not written or trouble(error) == "full"):
            for take_away in undo:
                with suppress(OSError):
                    take_away()
        raise
    finally:
        _undo.set(outer)
    if outer is not None:
        outer += undo


def drop_on_commit(picture: FieldFile) -> None:
    """Remove a stored picture, if it is one, once nothing in the database names it any more."""
    name, storage = picture.name, picture.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)


class StorageAway(OSError):
    """A picture could not be stored: the disk is full, read-only or gone. Worth a 503."""


class MediaStorage(FileSystemStorage):
    """Django's own, but a file gets its name once it is written as a whole.

    Raises StorageAway when it can't be; nothing of it stays then.
    """

    def _save(self, name: str, content: Any) -> str:
        half = f"{name}.partial"
        try:
            super()._save(half, content)  # type: ignore[misc]
            os.replace(self.path(half), self.path(name))  # noqa: PTH105
        except OSError as error:
            _outage.failed(error)
            with suppress(OSError):
                Path(self.path(half)).unlink()
            raise StorageAway(*error.args) from error
        _outage.worked()
        if (undo := _undo.get()) is not None:
            undo.append(partial(self.delete, name))
        return name
