"""Lists of the admin take just the filters that they offer.

Django's own take any field of the row, and so tell a secret letter by letter to whoever may see the
list: ``?password__startswith=…`` finds somebody or nobody. Here an address that asks for more than
the list offers is a bad request, in lists and in whatever is made of them.
"""

import re
from datetime import MAXYEAR
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import DataError
from django.db.models import Field, ManyToManyField, QuerySet
from django.http import HttpRequest

from setahub.core.admin.edits import Meanwhile

COLUMN = re.compile(r"-?[0-9]{1,3}")
# What values end in that a filter, the calendar or the database can't take.
UNUSABLE = (IncorrectLookupParameters, ValidationError, ValueError, OverflowError, DataError)


class StrictChangeList(ChangeList):
    """Django's, with nothing in its query but what its filters and its columns offer."""

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        try:
            super().__init__(request, *args, **options)
        except UNUSABLE as error:
            raise SuspiciousOperation(str(error)) from error

    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        # The filters have taken theirs out; days of the hierarchy come as a span of moments.
        span = {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"}
        foreign = found[2].keys() - self._equals() - (span if self._has_year else set())
        if foreign:
            raise SuspiciousOperation(f"Filtering by {sorted(foreign)} is not offered")
        # Of the first year and the last one, some moments are in no calendar of another zone.
        for year in self.get_filters_params().get(f"{self.date_hierarchy}__year", []):
            if not 1 < int(year) < MAXYEAR:
                raise SuspiciousOperation(f"There is no year {year:.20}")
        return found

    def _equals(self) -> set[str]:
        """Another way to write what filters by a field's values offer: ``year__exact``."""
        fields = [each[0] if isinstance(each, tuple | list) else each for each in self.list_filter]
        return {f"{field}__exact" for field in fields if isinstance(field, str)}

    @property
    def _has_year(self) -> bool:
        """Whether the span was made by Django; ``…__gte`` in the address is no part of it."""
        asked = self.get_filters_params()
        bare = {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"}
        return f"{self.date_hierarchy}__year" in asked and not bare & asked.keys()

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        columns = self.params.get(ORDER_VAR, "")
        for column in columns.split(".") if columns else ():
            known = COLUMN.fullmatch(column) and abs(int(column)) < len(self.list_display)
            if not known:
                raise SuspiciousOperation(f"There is no column {column!r:.20}")
        return super().get_ordering(request, queryset)

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except IncorrectLookupParameters:  # a page past the end: rows have gone meanwhile
            self.page_num = 1
            super().get_results(request)


class SomeOfThem(forms.ModelMultipleChoiceField):
    """Django's, with numbers that no column holds refused like those that no row has."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except (OverflowError, DataError) as error:
            raise ValidationError(self.error_messages["invalid_list"], "invalid_list") from error


class Strict(admin.ModelAdmin):
    """Comes before every class of the admin, those of libraries included (see the site)."""

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        own = super().get_changelist(request, **options)
        return type("StrictChangeList", (StrictChangeList, own), {})

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """All go on to the list's filters, which take theirs; what is left over is refused."""
        return True

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **options: Any
    ) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, **{"form_class": SomeOfThem, **options}
        )

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *options: Any) -> Any:
        """Django's, for rows that there can be: it asks the database for what was sent as it is."""
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.clean(chosen, None)
            except ValidationError as error:
                raise SuspiciousOperation(f"There is no row {chosen!r:.40}") from error
        return super().response_action(request, queryset, *options)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # PostgreSQL takes no such character, and no text has one.
        return super().get_search_results(request, queryset, search_term.replace("\0", " "))


class StrictChoices(AutocompleteJsonView):
    """Django's, for fields that a form can have: it breaks over what points at a row."""

    def process_request(self, request: HttpRequest) -> Any:
        asked = super().process_request(request)
        if not isinstance(asked[2], Field):
            raise PermissionDenied
        return asked


def strictly(admin_class: type[admin.ModelAdmin] | None) -> type[admin.ModelAdmin]:
    """The class with Strict and Meanwhile before it."""
    base = admin_class or admin.ModelAdmin
    if issubclass(base, Strict):
        return base
    return type(base.__name__, (Strict, Meanwhile, base), {"__module__": base.__module__})
