"""Parts that pages repeat, rendered once for each set of plain arguments in each language."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache, wraps
from typing import Any, ParamSpec

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

P = ParamSpec("P")

KEPT = 2000  # of one part
PLAIN = (str, SafeString, int, bool, date, datetime, type(None))


def _is_plain(value: Any) -> bool:
    kind = type(value)
    return kind in PLAIN or (kind is tuple and all(map(_is_plain, value)))


def repeated(template: str) -> Callable[[Callable[P, dict[str, Any]]], Callable[P, SafeString]]:
    """Render the template with what the function gives, and keep that by the function's arguments.

    The template sees nothing else: no request, no page around it. What the function gives must
    follow from its arguments and the language alone. They are plain (texts, numbers, days, tuples of
    such), given by position; raises TypeError for a row or a lazy text, which would be kept with all that hangs
    on it. The cache drops what was used least lately.
    """

    def decorate(context: Callable[P, dict[str, Any]]) -> Callable[P, SafeString]:
        @lru_cache(maxsize=KEPT)
        def rendered(language: str | None, *args: Any) -> SafeString:
            for each in args:
                if not _is_plain(each):
                    raise TypeError(f"{template}: {type(each).__name__} can't be kept")
            return mark_safe(get_template(template).render(context(*args)).strip())  # type: ignore[call-arg]  # noqa: S308

        @wraps(context)
        def part(*args: Any) -> SafeString:
            return rendered(get_language(), *args)

        part.cache = rendered  # type: ignore[attr-defined]
        return part  # type: ignore[return-value]

    return decorate
