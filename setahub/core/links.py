"""Addresses in what people type, as links that show where they lead."""

import re
import unicodedata

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from setahub.core.text import has_look_alikes, is_invisible

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_IPV6 = re.compile(r"\[[0-9a-f.]*:[0-9a-f.]*:[0-9a-f.:]*\]", re.IGNORECASE)
_PORT = re.compile(r":[0-9]{1,5}(?![0-9])")
_NAMED = re.compile(r"(?::[^\s/?#\\@]*)?@")  # the end of a name before the host
_CLOSES = {")": "(", "]": "[", "}": "{"}
_ENDS = frozenset('<>"`\\—')
_APOSTROPHES = "'’"
_CELLS = {("*", "*"), ("|", "|"), ("|", "<")}  # what ends an address that stands behind the other
_BETWEEN = ",;|*" + _APOSTROPHES  # what stands between two addresses
_AFTER = ".,:;!?*|([{"  # of the sentence around it, when last
_AFTER_THAI = "ๆฯ"
_AND_SO_ON = "ฯลฯ"


def linked(text: str) -> SafeString:
    """The text as safe HTML, in which addresses of pages are links."""
    parts, at = [], 0
    for scheme in _SCHEME.finditer(text):
        if scheme.start() < at:
            continue  # inside an address
        end = _end(text, scheme)
        if end is None:
            continue
        parts.append(escape(text[at : scheme.start()]))
        url = text[scheme.start() : end]
        # The direction is the address's own, whatever stands around it and in it.
        parts.append(
            format_html(
                '<a href="{}" target="_blank" rel="noopener noreferrer nofollow" dir="ltr">{}</a>',
                url,
                url,
            )
        )
        at = end
    parts.append(escape(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308  (each part is escaped)


def is_secure_address(text: str) -> bool:
    """Whether the text is one address that begins with ``https://``, and nothing else."""
    scheme = _SCHEME.match(text)
    secure = scheme is not None and scheme[0].lower() == "https://"
    return secure and scheme is not None and _end(text, scheme) == len(text)


def _end(text: str, scheme: re.Match[str]) -> int | None:
    """Where the address that begins with ``scheme`` ends; None when it is none to follow."""
    start = scheme.end()
    host_end = _host_end(text, start)
    if host_end is None or has_look_alikes(text[start:host_end]):
        return None
    # ``https://kmitl.ac.th@evil.example`` leads to where it doesn't seem to.
    if _NAMED.match(text, host_end):
        return None
    port = _PORT.match(text, host_end)
    end = port.end() if port else host_end
    if not text.startswith(("/", "?", "#"), end):
        return end
    before = text[max(scheme.start() - 1, 0) : scheme.start()]
    return _without_sentence(text, end, _path_end(text, end, before), before)


def _host_end(text: str, start: int) -> int | None:
    if ipv6 := _IPV6.match(text, start):
        return ipv6.end()
    end = start
    while end < len(text) and _in_host(text[end]) and not _SCHEME.match(text, end):
        end += 1
    host = text[start:end].rstrip(".-_")
    if not host or not host[0].isalnum():
        return None
    # Thai needs no space after an address, and no top-level domain is of two scripts.
    last = host.rpartition(".")[2]
    if last[0].isascii() and not last.isascii():
        ascii_only = next(at for at, char in enumerate(last) if not char.isascii())
        host = host[: len(host) - len(last) + ascii_only]
    return start + len(host)


def _in_host(char: str) -> bool:
    return char.isalnum() or char in ".-_" or _is_mark(char)


def _path_end(text: str, start: int, before: str) -> int:
    """Where path, query and fragment end; ``before`` is the character before the address."""
    opened: dict[str, list[int]] = {"(": [], "[": [], "{": []}
    quoted = False  # within quotes that are part of the address
    end = start
    for end in range(start, len(text) + 1):
        char = text[end : end + 1]
        if not char or char in _ENDS or is_invisible(char) or _is_wide_end(char):
            break
        if _is_next(text, end) or (char, before) in _CELLS:
            break
        if char in opened:
            opened[char].append(end)
        elif char in _CLOSES:
            if not opened[_CLOSES[char]]:
                break
            opened[_CLOSES[char]].pop()
        elif char in _APOSTROPHES:
            if not (quoted or _goes_on(text, end + 1)):
                break
            quoted = not quoted and not text[end - 1].isalnum()
    # A bracket that the address doesn't close is of the sentence: ``/x(see below)``.
    return min([end, *(places[0] for places in opened.values() if places)])


def _is_next(text: str, at: int) -> bool:
    """Whether another address follows, right here or behind what stands between the two."""
    char = text[at]
    if (char in _BETWEEN or _is_punctuation(char)) and _SCHEME.match(text, at + 1):
        return True
    return (text[at - 1].isalnum() or _is_mark(text[at - 1])) and bool(_SCHEME.match(text, at))


def _goes_on(text: str, at: int) -> bool:
    """Whether an address goes on here, after an apostrophe: ``Dijkstra's``, ``Rock_'n'_Roll``.

    Scripts without spaces need none after a quote either; all others do.
    """
    char = text[at : at + 1]
    if char.isascii():
        return char != "" and (char.isalnum() or char in "_-%/&=#(")
    return char.lower() != char.upper() or unicodedata.bidirectional(char) in ("R", "AL")


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _is_wide_end(char: str) -> bool:
    """Quotes and brackets of any script, and all punctuation of those that write without spaces."""
    if char.isascii() or char in _APOSTROPHES:
        return False
    category = unicodedata.category(char)
    wide = (
        "\u3000" <= char <= "\u303f" or "\ufe10" <= char <= "\ufe6f" or "\uff00" <= char <= "\uffef"
    )
    return category in ("Pi", "Pf", "Ps", "Pe") or (wide and category[0] in "PS")


def _is_punctuation(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char)[0] == "P"


def _without_sentence(text: str, start: int, end: int, before: str) -> int:
    """Without the punctuation that belongs to the sentence around the address."""
    while end > start:
        if text.endswith(_AND_SO_ON, start, end):
            end -= len(_AND_SO_ON)
            continue
        last = text[end - 1]
        surrounds = last == before and last in "_~"
        stop = _is_punctuation(last) and last not in _APOSTROPHES
        # An emoji, or an accent that stands for a quote.
        stop = stop or (unicodedata.category(last) in ("So", "Sk") and not last.isascii())
        if not (stop or surrounds or last in _AFTER or last in _AFTER_THAI):
            break
        end -= 1
    return end
