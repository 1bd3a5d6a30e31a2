"""Where uploads are kept: a folder, in which nothing half-written ever has its name."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils.translation import gettext_lazy as _

from setahub.core.live.events import Outage

CANNOT_STORE = _("Pictures can't be stored right now. Please try again later.")

_outage = Outage("storing pictures")


class StorageAway(OSError):
    """A picture could not be stored: the disk is full, read-only or gone. Worth a 503."""


class MediaStorage(FileSystemStorage):
    """Django's own, but a file gets its name once it is written as a whole.

    Raises StorageAway when it can't be; nothing of it stays then.
    """

    def _save(self, name: str, content: Any) -> str:
        partial = f"{name}.partial"
        try:
            super()._save(partial, content)  # type: ignore[misc]
            os.replace(self.path(partial), self.path(name))  # noqa: PTH105
        except OSError as error:
            _outage.failed(error)
            with suppress(OSError):
                Path(self.path(partial)).unlink()
            raise StorageAway(*error.args) from error
        _outage.worked()
        return name
