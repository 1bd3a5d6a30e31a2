"""People's names and words on pages, apart from ours: a browser that translates leaves them alone."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe


def own(text: object) -> SafeString:
    """What somebody typed, inside a line of ours, whose direction it can't turn."""
    return format_html('<bdi translate="no">{}</bdi>', text)


def sentence(words: "str | Promise", typed: Mapping[str, Any], **others: Any) -> SafeString:
    """A text of ours with its values, of which ``typed`` are people's own, as HTML."""
    values = {name: escape(value) for name, value in others.items()}
    values |= {name: own(value) for name, value in typed.items()}
    return mark_safe(escape(words) % values)  # noqa: S308  (all of it is escaped)
