"""Translations, compiled from what people write (``.po``) to what Django reads (``.mo``).

By Babel and where a process starts, so that neither a fresh clone nor an image needs GNU gettext or
a step that could be forgotten.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

logger = logging.getLogger(__name__)


def compile_changed(folders: Iterable[Path]) -> list[Path]:
    """Compile each catalogue below ``folders`` that is newer than what was made of it.

    What it gives was written. Where nothing can be, the site speaks the language of its code.
    """
    written = []
    for source in sorted(each for folder in folders for each in folder.glob("*/*/*.po")):
        compiled = source.with_suffix(".mo")
        try:
            if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
                continue
            _compile(source, compiled)
        except OSError as error:
            logger.warning("%s can't be compiled: %s", source, error.strerror)
        else:
            written.append(compiled)
    return written


def _compile(source: Path, compiled: Path) -> None:
    """In one go, since other processes start at the same moment."""
    with source.open("rb") as text:
        catalogue = read_po(text, locale=source.parent.parent.name)
    unfinished = compiled.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as out:
        write_mo(out, catalogue)
    unfinished.replace(compiled)
