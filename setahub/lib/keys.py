"""Keys for uniqueness without regard to case, the same on every database."""

import re
import unicodedata

from anyascii import anyascii
from django.utils.text import slugify


def nfc(text: str) -> str:
    """``text`` trimmed and in Unicode normal form C, as it is stored and shown."""
    return unicodedata.normalize("NFC", text.strip())


def fold(text: str) -> str:
    """The comparison key of ``text``: NFC, case folded, and NFC again, since folding can undo it.

    Source: Unicode Standard, section 3.13, canonical caseless matching. Kept in a column because
    SQLite's LOWER knows ASCII only.
    """
    return unicodedata.normalize("NFC", nfc(text).casefold())


def ascii_slug(text: str, default: str) -> str:
    """An ASCII slug of at most 80 characters; Thai and other scripts are transliterated.

    ``C++`` and ``C#`` keep apart: their signs are spelled out, which ``slugify`` would drop.
    """
    spelled = text.replace("++", " plus plus ").replace("#", " sharp ")
    return re.sub(r"-{2,}", "-", slugify(anyascii(spelled)))[:80].strip("-") or default
