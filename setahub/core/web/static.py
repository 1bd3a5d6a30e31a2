"""Static files under hashed names, so that browsers may keep them for a year."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from setahub.core.outage import Unfinished

STYLESHEET = "css/site.css"  # the only one that pages link to

_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)

# Name of a file, as pages know it -> the storage that has it, and its name there.
Found = dict[str, tuple[Any, str]]


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Stores the stylesheet with what it imports in place, and hashes imports of modules.

    Modules only under ``js/``: comments in the files of libraries look like imports of files that
    aren't there, and would stop ``collectstatic``.
    """

    _imports = HashedFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", _imports))

    def stored_name(self, name: str) -> str:
        """Raises Unfinished where ``collectstatic`` was forgotten, or not run after an upgrade."""
        try:
            return super().stored_name(name)
        except ValueError as error:
            raise Unfinished(f"{name}: run manage.py collectstatic, then start anew") from error

    def post_process(self, paths: Found, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if STYLESHEET in paths:
            paths = {**paths, STYLESHEET: (_Bundle(paths), STYLESHEET)}
        yield from super().post_process(paths, dry_run=dry_run, **options)


def imported(css: str) -> list[str]:
    """The sheets that a stylesheet imports, as it names them."""
    return _IMPORT.findall(css)


class _Bundle:
    """As a storage: the stylesheet, each import replaced by the file, comments left out."""

    def __init__(self, paths: Found) -> None:
        self.paths = paths

    def open(self, name: str) -> ContentFile:
        folder = name.rpartition("/")[0]
        css = _IMPORT.sub(lambda line: self._read(f"{folder}/{line[1]}"), self._read(name))
        return ContentFile(_COMMENT.sub("", css).encode())

    def _read(self, name: str) -> str:
        storage, path = self.paths[name]
        with storage.open(path) as file:
            return file.read().decode()
