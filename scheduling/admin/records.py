"""Records of volunteer hours in the admin: looked at, and revoked."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from scheduling.admin.shared import FindsPeople
from scheduling.models import Record
from scheduling.models.appointments import REASON_MAX
from scheduling.queries.sums import Sum
from scheduling.services import records
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.export import Export
from setahub.core.admin.filters import by_period, by_person


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It is kept in the log of the staff; nobody else reads it."),
    )


@admin.register(Record)
class RecordAdmin(FindsPeople, Export, LookOnly):
    list_display = ["created_at", "ta", "from_day", "to_day", "hours", "verified", "end"]
    list_filter = [
        by_period("created_at", gettext_lazy("date")),
        "end",
        by_person("ta", gettext_lazy("TA")),
    ]
    list_select_related = ["ta"]
    view_on_site = False
    ordering = ["-created_at", "-pk"]
    fields = [
        "ta", "name", "from_day", "to_day", "times", "hours", "verified", "created_at", "address", "code",
        "ended_at", "end",
    ]  # fmt: skip
    actions = ["revoke"]
    columns = [
        (gettext_lazy("ID"), lambda row: row.pk),
        (gettext_lazy("TA"), lambda row: row.name),
        (gettext_lazy("From"), lambda row: row.from_day),
        (gettext_lazy("To"), lambda row: row.to_day),
        (gettext_lazy("Times given"), lambda row: row.sums.get("times")),
        (gettext_lazy("Minutes given"), lambda row: row.sums.get("minutes")),
        (gettext_lazy("Minutes verified"), lambda row: row.sums.get("verified_minutes")),
        (gettext_lazy("Check code"), lambda row: row.code),
        (gettext_lazy("Issued at"), lambda row: row.created_at),
        (gettext_lazy("Ended at"), lambda row: row.ended_at),
    ]

    @admin.display(description=gettext_lazy("times given"))
    def times(self, row: Record) -> int:
        return Sum(**row.sums).times

    @admin.display(description=gettext_lazy("hours given"))
    def hours(self, row: Record) -> str:
        return in_hours(Sum(**row.sums).minutes)

    @admin.display(description=gettext_lazy("of these verified"))
    def verified(self, row: Record) -> str:
        return in_hours(Sum(**row.sums).verified_minutes)

    @admin.display(description=gettext_lazy("address"))
    def address(self, row: Record) -> SafeString:
        return format_html('<a href="{0}" translate="no">{0}</a>', row.get_absolute_url())

    @admin.display(description=gettext_lazy("check code"))
    def code(self, row: Record) -> SafeString:
        return format_html('<span translate="no">{}</span>', row.code)

    def describe(self, row: Record) -> str:
        return f"{row.ta}: {row}"

    def offers(self, action: str, row: Record) -> bool:
        return row.stands

    @admin.action(description=gettext_lazy("Revoke"), permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Record]) -> HttpResponse | None:
        return self.ask(request, queryset, RevokeForm, lambda row, _actor, **_: records.revoke(row))


def in_hours(minutes: int) -> str:
    """``12:30``."""
    return f"{minutes // 60}:{minutes % 60:02}"
