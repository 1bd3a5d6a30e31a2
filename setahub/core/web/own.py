"""People's names and words on pages, apart from ours: a browser that translates leaves them alone."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

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
    values = {name: escape(value) for name, value in others.items()}
    values |= {name: own(value) for name, value in typed.items()}
    return mark_safe(escape(words) % values)  # noqa: S308  (all of it is escaped)
