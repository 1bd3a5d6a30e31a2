"""What people type, as HTML: escaped, with links and fenced code, and nothing else."""

import re

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

# A fence is a line of its own that begins with ```; what follows it there names the language.
_FENCE = re.compile(r"^```[^\n`]*\n(.*?)(?:\n```[ \t]*$|\n?\Z)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"https?://\w[^\s<>\"'`]*", re.IGNORECASE)
_NOT_AT_END = ".,:;!?…"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def render(text: str) -> SafeString:
    """The text as safe HTML. Line breaks and indentation stay as they are: CSS keeps them."""
    parts, at = [], 0
    for fence in _FENCE.finditer(text):
        parts.append(_linked(text[at : fence.start()].removesuffix("\n")))
        parts.append(format_html("<pre><code>{}</code></pre>", fence[1]))
        at = fence.end()
        at += text[at : at + 1] == "\n"
    parts.append(_linked(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308  (each part is escaped)


def _linked(text: str) -> str:
    parts, at = [], 0
    for found in _LINK.finditer(text):
        url = _trimmed(found[0])
        parts.append(escape(text[at : found.start()]))
        parts.append(
            format_html(
                '<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>', url, url
            )
        )
        at = found.start() + len(url)
    parts.append(escape(text[at:]))
    return "".join(parts)


def _trimmed(url: str) -> str:
    """Without the punctuation that belongs to the sentence around the link."""
    surplus = {close: url.count(close) - url.count(start) for close, start in _PAIRS.items()}
    end = len(url)
    while True:
        last = url[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _NOT_AT_END:
            return url[:end]
        end -= 1
