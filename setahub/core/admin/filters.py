"""Search and filters that several lists of the admin share."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from setahub.core import clock
from setahub.core.keys import fold_search
from setahub.core.web.paging import whole


class Folded(admin.ModelAdmin):
    """Searches stored keys, which are folded; SQLite by itself folds ASCII only."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, fold_search(search_term))


def by_state(
    name: str, title: Any, *states: tuple[str, Any, Callable[[Any], Any]]
) -> type[admin.SimpleListFilter]:
    """Rows in one of these states: each its value in the address, its words, and which rows are in it.

    ``name``: of the choice, in the address.
    """
    in_it = {value: rows for value, _words, rows in states}

    class StateFilter(admin.SimpleListFilter):
        parameter_name = name

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return [(value, words) for value, words, _rows in states]

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            rows = in_it.get(self.value() or "")
            return rows(queryset) if rows else queryset

    StateFilter.title = title
    return StateFilter


def by_condition(name: str, title: Any, condition: Any) -> type[admin.SimpleListFilter]:
    """Those for which it holds, or those for which it doesn't."""
    return by_state(
        name,
        title,
        ("yes", _("Yes"), lambda rows: rows.filter(condition)),
        ("no", _("No"), lambda rows: rows.exclude(condition)),
    )


def by_person(field: str, title: Any) -> type[admin.SimpleListFilter]:
    """The rows of one person, whose own page links here; offered only where somebody is chosen."""

    class PersonFilter(admin.SimpleListFilter):
        parameter_name = f"{field}__id__exact"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            chosen = self.value()
            if chosen is None:
                return []
            people = model_admin.model._meta.get_field(field).related_model.objects
            pk = whole(chosen, 0, low=0, high=2**63 - 1)
            return [(chosen, str(person)) for person in people.filter(pk=pk)] or _refuse(chosen)

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    PersonFilter.title = title
    return PersonFilter


def _refuse(value: str) -> NoReturn:
    raise SuspiciousOperation(f"There is nobody with the id {value!r:.30}")


def by_period(field: str, title: Any, *, ahead: bool = False) -> type[admin.SimpleListFilter]:
    """A filter by days on the site's calendar; ``ahead``: of things to come as well."""

    class PeriodFilter(admin.SimpleListFilter):
        parameter_name = "when"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            past = [("today", _("Today")), ("week", _("This week")), ("last", _("Last week"))]
            if ahead:
                past += [("next", _("Next week")), ("coming", _("From now on"))]
            return [*past, ("month", _("Last 30 days"))]

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            span = _span(self.value())
            if span is None:
                return queryset
            start, end = span
            queryset = queryset.filter(**{f"{field}__gte": start})
            return queryset.filter(**{f"{field}__lt": end}) if end else queryset

    PeriodFilter.title = title
    return PeriodFilter


def _span(name: str | None) -> tuple[datetime, datetime | None] | None:
    """The first moment of a period and the first after it; None for no such period."""
    today = clock.today()
    start, end = clock.day_bounds(today)
    week = clock.day_bounds(clock.monday(today))[0]
    days = timedelta(days=7)
    spans: dict[str | None, tuple[datetime, datetime | None]] = {
        "today": (start, end),
        "week": (week, week + days),
        "last": (week - days, week),
        "next": (week + days, week + 2 * days),
        "coming": (start, None),
        "month": (start - timedelta(days=30), end),
    }
    return spans.get(name)
