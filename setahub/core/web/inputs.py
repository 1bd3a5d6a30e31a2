"""Inputs for times and days: lists to choose from, in the site's words and 24-hour form.

What browsers draw for ``<input type="time">`` and ``"date"`` follows the language and the calendar
of the browser, not those of the page. Sent, and taken from other programs, is ISO: ``13:00``,
``2026-11-27``.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from setahub.core import clock

Options = Iterable[tuple[str, str]]  # what is sent, and the words for it
Days = Callable[[], tuple[date, date]]  # the first and the last that can be chosen

MIDNIGHT = "24:00"  # at the end of a day
_DAY = timedelta(days=1)


class PlainSelect(forms.Widget):
    """A ``<select>`` of ``groups``; a value that is none of theirs is kept as the first option.

    Django's own draws each option by templates, which costs a page of hundreds milliseconds.
    """

    unchosen: str | Promise = "–"
    is_own = False  # the words are what people typed

    def groups(self) -> Iterable[tuple[str, Options]]:
        """Options under headings; "": under none."""
        raise NotImplementedError

    def words(self, value: str) -> str:
        """What an option of ``value`` is called."""
        return value

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = self.format_value(value) or ""
        groups = [(label, list(options)) for label, options in self.groups()]
        known = any(chosen == sent for _label, options in groups for sent, _words in options)
        built = self.build_attrs(self.attrs, attrs)
        if chosen and not known:
            groups.insert(0, ("", [(chosen, self.words(chosen))]))
        if self.is_required and chosen:
            built.pop("required", None)  # nothing in the list is empty
        else:
            groups.insert(0, ("", [("", str(self.unchosen))]))
        drawn = format_html_join(
            "", "{}", ((_group(*group, chosen, self.is_own),) for group in groups)
        )
        values = ((key, "" if value is True else value) for key, value in built.items() if value)
        more = format_html_join("", ' {}="{}"', values)
        return format_html('<select name="{}"{}>{}</select>', name, more, drawn)


def _group(label: str, options: Options, chosen: str, is_own: bool = False) -> SafeString:
    drawn = format_html_join(
        "",
        '<option value="{}"{}{}>{}</option>',
        (
            (sent, _SELECTED if sent == chosen else "", _OWN if is_own and sent else "", words)
            for sent, words in options
        ),
    )
    return format_html('<optgroup label="{}">{}</optgroup>', label, drawn) if label else drawn


_SELECTED = SafeString(" selected")
_OWN = SafeString(' translate="no"')


class TimeSelect(PlainSelect):
    """The times of a day in steps of a quarter; ``ends``: those at which something can end."""

    step = 15  # minutes
    unchosen = _("Choose a time")

    def __init__(self, *, ends: bool = False, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.ends = ends

    def groups(self) -> Iterator[tuple[str, Options]]:
        first, last = (self.step, 24 * 60) if self.ends else (0, 24 * 60 - 1)
        times = [f"{at // 60:02}:{at % 60:02}" for at in range(first, last + 1, self.step)]
        yield "", zip(times, times, strict=True)

    def format_value(self, value: Any) -> str:
        text = f"{value:%H:%M}" if isinstance(value, time) else str(value or "").strip()
        if len(text) == len("13:00:00") and text.endswith(":00"):
            text = text.removesuffix(":00")
        return MIDNIGHT if self.ends and text == "00:00" else text


class DaySelect(PlainSelect):
    """The days from the first to the last of ``days()``, by month."""

    unchosen = _("Choose a day")

    def __init__(self, days: Days, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.days = days

    def groups(self) -> Iterator[tuple[str, Options]]:
        return iter(_day_groups(type(self), *self.days(), clock.today(), get_language()))

    @staticmethod
    def each(first: date, last: date) -> list[date]:
        """The days that stand in the list."""
        return [first + ahead * _DAY for ahead in range((last - first).days + 1)]

    @staticmethod
    def name(day: date, on: date) -> str:
        """What a day of the list is called ``on`` a day."""
        return clock.day_short(day, on)

    def words(self, value: str) -> str:
        day = clock.parse_date(value)
        return self.name(day, clock.today()) if day else value

    def format_value(self, value: Any) -> str:
        return value.isoformat() if isinstance(value, date) else str(value or "").strip()


class WeekSelect(DaySelect):
    """The weeks that the days of ``days()`` lie in, each sent as its Monday."""

    unchosen = _("Choose a week")

    @staticmethod
    def each(first: date, last: date) -> list[date]:
        return DaySelect.each(clock.monday(first), last)[::7]

    @staticmethod
    def name(day: date, on: date) -> str:
        first = clock.monday(day)
        return f"{clock.day_short(first, on)} – {clock.day_short(first + 6 * _DAY, on)}"


class WeeksAheadSelect(DaySelect):
    """The days that lie a whole number of weeks after the first of ``days()``."""

    @staticmethod
    def each(first: date, last: date) -> list[date]:
        return DaySelect.each(first, last)[7::7]

    @staticmethod
    def name(day: date, on: date) -> str:
        """``Fri 19 Feb (12 weeks)``."""
        weeks, rest = divmod((day - on).days, 7)
        words = clock.day_short(day, on)
        if rest or weeks < 1:
            return words
        counted = ngettext("%(weeks)d week", "%(weeks)d weeks", weeks) % {"weeks": weeks}
        return f"{words} ({counted})"


@lru_cache(maxsize=64)
def _day_groups(
    select: type[DaySelect], first: date, last: date, on: date, language: str | None
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The list of a select: the same for everybody on one day in one language."""
    months = groupby(select.each(first, last), lambda day: (day.year, day.month))
    several = [list(days) for _month, days in months]
    return [
        (clock.month(days[0]), [(day.isoformat(), select.name(day, on)) for day in days])
        for days in several
    ]


class PictureInput(forms.FileInput):
    """A field for a picture, in the site's words: browsers draw "No file chosen" in their own."""

    template_name = "shared/_file_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        given = context["widget"]["attrs"]
        own = f"{given['id']}_file"
        given.setdefault("title", _("Choose a picture"))  # else browsers show words of their own
        given["aria-describedby"] = f"{own} {given.get('aria-describedby', '')}".strip()
        words = {"choose": _("Choose a picture"), "none": _("No picture chosen yet")}
        return {**context, **words}
