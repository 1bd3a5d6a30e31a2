"""Thai whose every translated text is changed visibly, and what of a page lies outside of those.

The catalogues of Django, of libraries and of the site are changed as they are read, so that lazy
texts, formats, emails and the words of scripts are all of it.
"""

import functools
import gc
import json
import math
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils.translation import trans_real

OPEN, CLOSE = "⟦", "⟧"
SENTENCE = 14  # letters, from which on a text can break
WORD = re.compile(r"[^\W\d_]{2,}")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SHOWN = {"title", "alt", "aria-label", "placeholder", "label", "aria-roledescription", "summary"}
PROJECT = ("accounts.", "chat.", "scheduling.", "setahub.", "topics.")


def marked(english: str, thai: str) -> str:
    """A translated text between its marks."""
    return f"{OPEN}{thai}{CLOSE}"


def longer(english: str, thai: str) -> str:
    """The English text with 40 % more of it: a word grows longer, a sentence has more words."""
    bare = re.sub(r"%\([a-z_]+\)[sd]|%[sd]|<[^>]+>|\{\w+\}", "", english)
    more = "ø" * math.ceil(len(bare) * 0.4)
    if len(bare) > SENTENCE:
        more = " " + re.sub("(ø{6})(?=ø)", r"\1 ", more)
    end = re.search(r"\s*\Z", english)
    return english[: end.start()] + more + english[end.start() :] if end else english


def change_translations(patch: pytest.MonkeyPatch, change: Callable[[str, str], str]) -> None:
    """Until the patch is undone Thai is what ``change`` makes of each text and its translation."""
    catalogue: Any = trans_real.translation("th")
    known = catalogue._catalog
    one, several = catalogue.gettext, catalogue.ngettext

    def gettext(message: str) -> str:
        found = one(message)
        return change(message.rpartition("\x04")[2], found) if message in known else found

    def ngettext(single: str, many: str, count: int) -> str:
        found = several(single, many, count)
        return change(many, found) if (single, 0) in known else found

    forget_what_is_kept()
    patch.setattr(catalogue, "gettext", gettext)
    patch.setattr(catalogue, "ngettext", ngettext)


def forget_what_is_kept() -> None:
    """Parts of pages that are kept by their language."""
    gc.unfreeze()  # setahub.asgi hides what is there when it is loaded
    for each in gc.get_objects():
        # By its type: asking a lazy object what it is an instance of would make it.
        if type(each) is functools._lru_cache_wrapper and each.__module__.startswith(PROJECT):
            each.cache_clear()


class Outside:
    """Words outside the marks, over texts that are handed in one after the other."""

    def __init__(self, own: Callable[[str], str]) -> None:
        self.own, self.depth = own, 0

    def words(self, text: str) -> list[str]:
        """Those of this text that no mark is around."""
        bare = []
        for part in re.split(f"([{OPEN}{CLOSE}])", text):
            if part == OPEN:
                self.depth += 1
            elif part == CLOSE:
                self.depth = max(self.depth - 1, 0)
            elif self.depth == 0:
                bare.append(part)
        return WORD.findall(self.own(" ".join(bare)))


class _Page(HTMLParser):
    """What is to be read of a page, by where it stands."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self.stack: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        hidden = bool(self.stack and self.stack[-1][1])
        hidden |= given.get("translate") == "no"  # a person's own words
        hidden |= tag != "html" and "lang" in given  # a language's own name
        if not hidden:
            self.found += [(f"{tag}[{name}]", given[name]) for name in sorted(SHOWN & given.keys())]
            if tag == "input" and given.get("type") in ("submit", "button", "reset"):
                self.found.append((f"{tag}[value]", given.get("value", "")))
            self.found += [
                (f"{tag}[{name}]", value)
                for name, value in given.items()
                if name.startswith("data-") and " " in value.strip() and value[0] not in "[{"
            ]
        if tag in ("style", "script") and given.get("type") != "application/json":
            hidden = True
        if tag not in VOID:
            self.stack.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _hidden in self.stack):
            if self.stack.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        tag, hidden = self.stack[-1] if self.stack else ("", False)
        if hidden or not data.strip():
            return
        if tag == "script":
            self.found += [("script", text) for text in _texts(json.loads(data))]
        else:
            self.found.append((tag, data))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else []:
        yield from _texts(each)
    for each in value if isinstance(value, list) else []:
        yield from _texts(each)


def shown_in(html: str) -> list[str]:
    """Texts of a page that no person typed: what is read, and what is heard."""
    page = _Page()
    page.feed(html)
    page.close()
    return [text for _where, text in page.found]


def forgotten_in_html(html: str, own: Callable[[str], str]) -> list[str]:
    """``tag: words`` for what of a page is neither translated nor ``own`` (which takes that off)."""
    page = _Page()
    page.feed(html)
    page.close()
    outside, found = Outside(own), []
    for where, text in page.found:
        reader = Outside(own) if "[" in where or where == "script" else outside
        if words := reader.words(text):
            found.append(f"{where}: {' '.join(words)}")
    return found


def forgotten_in_text(text: str, own: Callable[[str], str]) -> list[str]:
    """The same of a plain text."""
    return Outside(own).words(text)
