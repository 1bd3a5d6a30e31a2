"""People's names and words on pages and in emails, apart from ours: what translates them for a reader
leaves names alone."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from setahub.core.links import linked

SHORT = 20  # characters that fit on a line of the smallest phone, in a heading, too
_THAI = re.compile("[\u0e01-\u0e5b]")


def own(text: object) -> SafeString:
    """What somebody typed, inside a line of ours, whose direction it can't turn.

    A short Thai name stays on one line: browsers break names where words of their dictionary end.
    """
    typed = str(text)
    whole = len(typed) <= SHORT and _THAI.search(typed)
    kept = mark_safe(' class="nowrap"') if whole else ""
    return format_html('<bdi translate="no"{}>{}</bdi>', kept, typed)


def sentence(words: "str | Promise", typed: Mapping[str, Any], **others: Any) -> SafeString:
    """A text of ours with its values, of which ``typed`` are people's own, as HTML."""
    values = {
        name: value if isinstance(value, int) else conditional_escape(value)
        for name, value in others.items()
    }
    values |= {name: own(value) for name, value in typed.items()}
    return mark_safe(escape(words) % values)  # noqa: S308  (all of it is escaped)


class Told(str):
    """A text with people's own words in it, where it may be read as HTML or not: as a text it is
    plain, in HTML those words are marked."""

    html: SafeString

    def __str__(self) -> str:
        return self  # whoever makes sure that it is a text keeps the marks

    def __html__(self) -> SafeString:
        return self.html


def told(words: "str | Promise", typed: Mapping[str, Any], **others: Any) -> Told:
    """The same as ``sentence``, for what is written as text, too: emails, refusals."""
    made = Told(words % {**others, **typed})
    made.html = sentence(words, typed, **others)
    return made


def typed(text: object) -> Told:
    """All of it is somebody's own; in HTML its addresses are links."""
    made = Told(text)
    made.html = format_html('<span translate="no">{}</span>', linked(str(text)))
    return made
