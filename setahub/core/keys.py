"""Keys for uniqueness and search: what reads the same has the same, on every database."""

import re
import unicodedata

from anyascii import anyascii
from django.utils.text import slugify

from setahub.core.text import trimmed, without_invisible

GROWTH = 18  # characters that folding makes of one at most (of U+FDFA)
NUMBER = "  "  # between a key and its number; no folded text has two spaces

# Thai and Lao, whose vowels and tone marks can be typed in several orders that look the same.
_VOWELS = "\u0e31\u0e34-\u0e3a\u0e47\u0e4d\u0eb1\u0eb4-\u0ebc\u0ecd"
_TONES = "\u0e48-\u0e4b\u0ec8-\u0ecb"
_ENDS = "\u0e4c\u0e4e\u0ecc"  # thanthakhat and the like, the last of all
_MARKS = re.compile(f"[{_VOWELS}{_TONES}{_ENDS}]+")
_LATE_TONES = re.compile(f"([\u0e32\u0eb2])([{_TONES}]+)")
_AM = re.compile(f"([\u0e4d\u0ecd])([{_TONES}{_ENDS}]*)([\u0e32\u0eb2])")
_AMS = {"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"}

# Hyphens, dashes of a word's length, and quotes as phones and word processors put them.
_SIGNS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u02bc", "'")
    | dict.fromkeys("\u201c\u201d\u201e", '"')
)

_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
# Latin letters whose stroke or ligature Unicode does not take apart.
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"}
    | {"þ": "th", "ŋ": "n", "ƀ": "b", "ɨ": "i", "ʉ": "u"}
)


def nfc(text: str) -> str:
    """``text`` trimmed and in Unicode normal form C, as it is stored and shown."""
    return unicodedata.normalize("NFC", trimmed(text))


def fold(text: str) -> str:
    """The key of a name, a title or what is searched: the same for all that read the same.

    Without regard to case, to wide, small and styled forms of a character (NFKC), to characters
    that show nothing, to how many spaces there are, to kinds of hyphens and quotes, and to the order
    in which Thai marks are typed.
    Sources: Unicode Standard, section 3.13 (compatibility caseless matching); for Thai, the WTT 2.0
    order of vowel before tone. Kept in a column because SQLite's LOWER knows ASCII only.
    """
    text = without_invisible(text)
    for _again in range(3):  # each of these steps can undo an earlier one
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = _spelled_one_way(unicodedata.normalize("NFC", without_invisible(text)))
    return " ".join(text.translate(_SIGNS).split())


def _spelled_one_way(text: str) -> str:
    """Thai and Lao with vowels before tones, as they are typed: so half a word finds the whole."""
    text = _LATE_TONES.sub(r"\2\1", text)
    text = unicodedata.normalize("NFC", _MARKS.sub(_in_order, text))
    text = _AM.sub(lambda am: am[2] + _AMS.get(am[1] + am[3], am[1] + am[3]), text)
    return text.replace("เเ", "แ").replace("ເເ", "ແ")


def _in_order(marks: re.Match[str]) -> str:
    # A mark typed twice is drawn in the same place.
    return "".join(sorted(set(marks[0]), key=lambda mark: (_rank(mark), mark)))


def _rank(mark: str) -> int:
    return 2 if mark in _ENDS else ord(mark) % 0x80 in range(0x48, 0x4C)


def fold_email(email: str) -> str:
    """The key of an email: without regard to case, and no more.

    NFC, case folded, and NFC again, since folding can undo it (Unicode Standard, section 3.13,
    canonical caseless matching). What merely looks the same is another person's mailbox.
    """
    return unicodedata.normalize("NFC", nfc(email).casefold())


def fold_search(text: str) -> str:
    """What is searched, and what it is looked for in: folded, and without accents of Latin letters.

    Marks of other scripts stay: in Thai they are vowels and tones.
    """
    apart = unicodedata.normalize("NFD", fold(text)).translate(_STROKES)
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", apart))


_LEADING = re.compile("([เแโใไ])([ก-ฮ])")
# What decides only between words that are the same without it, in this order: Thai's maitaikhu, tones,
# thanthakhat, and what else floats.
_LESSER = "\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"


def sort_key(name: str) -> str:
    """What names are sorted by: the same order in every database, whatever its collation.

    Thai as its dictionaries have it: a vowel that is written before its consonant counts after it,
    tones and the like only where all else is the same. Other scripts by their characters, folded as
    keys are, Latin letters without accents first. In hexadecimal, whose digits every collation sorts
    alike. Source: the Royal Institute Dictionary, B.E. 2554, "how words are ordered".
    """
    letters: list[str] = []
    lesser: list[str] = []  # of each of them
    for letter in _LEADING.sub(r"\2\1", fold_search(name)):
        if letter in _LESSER:
            if lesser:
                lesser[-1] += str(_LESSER.index(letter) + 1)
        else:
            letters.append(letter)
            lesser.append("")
    # A mark more is more than none, and what begins with all of a name comes after it.
    parts = "".join(letters), "".join(f"{marks or 0}" for marks in lesser), fold(name)
    return "00".join(part.encode().hex() for part in parts)


def numbered_key(key: str, kept: str) -> str:
    """``kept`` where it is ``key``, or ``key`` with a number since others had it before; else ``key``."""
    base, _space, number = kept.partition(NUMBER)
    return kept if base == key and (number.isdigit() or not number) else key


def ascii_slug(text: str, default: str) -> str:
    """An ASCII slug of at most 80 characters; Thai and other scripts are transliterated.

    ``C++`` and ``C#`` keep apart: their signs are spelled out, which ``slugify`` would drop.
    """
    spelled = text.replace("++", " plus plus ").replace("#", " sharp ")
    return re.sub(r"-{2,}", "-", slugify(anyascii(spelled)))[:80].strip("-") or default
