"""The words by which students look for a topic, beside its name."""

import re

from setahub.core.keys import fold, nfc

KEYWORDS = 12  # at most
KEYWORD_MAX = 40
KEYWORDS_MAX = KEYWORDS * (KEYWORD_MAX + 2)

_BETWEEN = re.compile(r"[,;\n\u060c\u3001\uff0c\uff1b]")


def keywords_of(text: str) -> list[str]:
    """The words of a list with commas between them, each once, in order, trimmed and in NFC."""
    words: dict[str, str] = {}
    for typed in _BETWEEN.split(text):
        if word := nfc(" ".join(typed.split())):
            words.setdefault(fold(word), word)
    return list(words.values())


def joined(text: str) -> str:
    """The list as it is stored and shown: ``SQL, joins``."""
    return ", ".join(keywords_of(text))
