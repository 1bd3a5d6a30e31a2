"""Reports in the admin: the only place where staff read messages, and each look is kept."""

from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import REASON_MAX, User
from chat import services
from chat.models import Message, Report, ReportQuerySet
from chat.queries.reports import neighbours
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.filters import Folded, by_person
from setahub.core.images import picture_response

Status = Report.Status
LISTED = 10  # looks, and other reports


class StatusFilter(admin.SimpleListFilter):
    """The queue shows open ones unless asked for others."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Status.choices, ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        yield from list(super().choices(changelist))[1:]

    def value(self) -> str:
        return super().value() or Status.OPEN

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset if self.value() == "all" else queryset.filter(status=self.value())


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For the staff: why you decided so."),
    )


class WarnForm(NoteForm):
    told = forms.CharField(
        label=gettext_lazy("What to tell them"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Sent to the reported person by email. Don't name the reporter."),
    )


class SuspendForm(NoteForm):
    cancel_bookings = forms.BooleanField(
        label=gettext_lazy("Cancel their coming bookings, taken and given, and tell the others"),
        required=False,
    )


@admin.register(Report)
class ReportAdmin(Folded, LookOnly):
    change_form_template = "admin/chat/report.html"
    list_display = ["__str__", "reported", "reporter", "created_at", "before", "status"]
    list_filter = [
        StatusFilter,
        by_person("reported", gettext_lazy("reported person")),
        by_person("reporter", gettext_lazy("reporter")),
    ]
    list_select_related = ["reported", "reporter"]
    search_fields = ["reported__search_key", "reporter__search_key"]
    search_help_text = gettext_lazy("Name of the reported person or the reporter")
    fields = [
        "reported", "reporter", "created_at", "reason", "status", "note", "told", "resolved_by",
        "resolved_at",
    ]  # fmt: skip
    actions = ["dismiss", "warn", "suspend"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        others = Report.objects.filter(reported=OuterRef("reported")).order_by()
        number = others.values("reported").annotate(count=Count("pk")).values("count")
        return (
            cast(ReportQuerySet, super().get_queryset(request))
            .open_to(cast(User, request.user))
            .annotate(others=Coalesce(Subquery(number), 1) - 1)
            .defer("text")
        )

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Open ones first, those who have waited longest at the top; then the newest."""
        open_since = Case(When(status=Status.OPEN, then=F("created_at")), default=Value(None))
        return [open_since.asc(nulls_last=True), "-created_at", "-pk"]

    @admin.display(description=gettext_lazy("other reports about them"))
    def before(self, report: Any) -> int:
        return report.others

    # --- One report -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        picture = path(
            "<int:pk>/picture/<int:message_id>/",
            self.admin_site.admin_view(self.picture),
            name="chat_report_picture",
        )
        return [picture, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        report: Report = context["original"]
        about = Report.objects.filter(reported=report.reported_id).exclude(pk=report.pk)
        context["conversation"] = services.look(report, cast(User, request.user))
        context["looks"] = report.looks.select_related("actor")[:LISTED]
        context["others"] = about.select_related("reporter").order_by("-created_at")[:LISTED]
        return super().render_change_form(request, context, *args, **kwargs)

    def picture(self, request: HttpRequest, pk: int, message_id: int) -> HttpResponse:
        """A picture of the reported message or of a neighbour; 0: the copy kept with the report."""
        seen = Report.objects.open_to(cast(User, request.user))
        report = get_object_or_404(seen.select_related("message"), pk=pk)
        if not self.has_view_permission(request, report):
            raise PermissionDenied
        messages: dict[int, Message] = {each.pk: each for each in neighbours(report)}
        holder = messages.get(message_id) if message_id else report
        if holder is None or not holder.image:
            raise Http404
        services.look(report, cast(User, request.user))
        return picture_response(request, holder.image, cache="private, no-store")

    # --- Resolving ------------------------------------------------------------------------------

    def offers(self, action: str, row: Report) -> bool:
        return row.is_open

    @admin.action(description=gettext_lazy("Dismiss"), permissions=["act"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._resolve(request, queryset, Status.DISMISSED, NoteForm)

    @admin.action(description=gettext_lazy("Warn the person"), permissions=["act"])
    def warn(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._resolve(request, queryset, Status.WARNED, WarnForm)

    @admin.action(description=gettext_lazy("Suspend the person"), permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._resolve(request, queryset, Status.SUSPENDED, SuspendForm)

    def _resolve(
        self,
        request: HttpRequest,
        queryset: QuerySet[Report],
        outcome: str,
        form: type[forms.Form],
    ) -> HttpResponse | None:
        return self.ask(request, queryset, form, partial(services.resolve, outcome=outcome))
