"""A template that comes again and again with other values: rendered once, then filled in.

For what differs from one reader to the next, or from one request to the next (a form's token). Of a
message that is sent, Django's engine took half of the time, thirty nodes for each of the two readers;
the menu and the foot were a third of a short page.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

KEPT = 200  # forms of one template: each set of switches and of values that are there, in each language

_PLACE = re.compile("\0(\\w+)\0")  # where a value stands; nothing that people type has a NUL


class Prerendered:
    """A template, as a function of its values.

    ``values`` are texts (escaped, unless they are safe) and numbers, which the template may write and
    ask whether they are there (None: not), and nothing else: it sees a placeholder. What else it does
    follows from the switches and the language alone.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._form = lru_cache(maxsize=KEPT)(self._render)

    def __call__(
        self, values: Mapping[str, str | int | None], **switches: bool | str | tuple[str, ...]
    ) -> SafeString:
        there = {name: _html(value) for name, value in values.items() if value is not None}
        form = self._form(get_language(), tuple(there), tuple(switches.items()))
        return mark_safe(form % there)  # noqa: S308  (the values are escaped)

    def _render(
        self, language: str | None, names: tuple[str, ...], switches: tuple[tuple[str, object], ...]
    ) -> str:
        places = {name: f"\0{name}\0" for name in names}
        html = get_template(self._template).render({**dict(switches), **places})
        return _PLACE.sub(r"%(\1)s", html.strip().replace("%", "%%"))


def _html(value: str | int) -> str:
    if isinstance(value, SafeString | int):
        return str(value)
    return escape(value)
