"""What the calendar's pages in the admin have in common."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models.appointments import REASON_MAX
from setahub.core.text import is_blank

PEOPLE_FOUND_MAX = 500


class FindsPeople(admin.ModelAdmin):
    """A search by those people that ``people`` (fields of the row) point at.

    They are looked for first, so that the rows are found by their indexes.
    """

    search_fields = ["pk"]  # shows the box; the search is get_search_results
    search_help_text = _("Name, email or student ID")
    people: Sequence[str] = ("ta",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if is_blank(search_term):
            return queryset, False
        people = list(
            User.objects.search(search_term).values_list("pk", flat=True)[:PEOPLE_FOUND_MAX]
        )
        which = Q(pk__in=())
        for field in self.people:
            which |= Q(**{f"{field}__in": people})
        return queryset.filter(which), False


class TaFilter(admin.SimpleListFilter):
    """By TA. Offers those who teach, which takes no look through the rows themselves."""

    title = _("TA")
    parameter_name = "ta"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tas = User.objects.filter(registrations__isnull=False).distinct().order_by("sort_key")
        return [(str(pk), name) for pk, name in tas.values_list("pk", "username")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        offered = {handle for handle, _name in self.lookup_choices}
        return queryset.filter(ta=self.value()) if self.value() in offered else queryset


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept, and told to everybody whose booking is cancelled."),
    )
