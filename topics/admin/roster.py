"""Rosters in the admin: brought, looked at line by line, carried out."""

from collections import Counter
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from setahub.core import sheets
from setahub.core.admin.actions import LookOnly
from setahub.core.web.refusals import attempt
from topics.models import Roster
from topics.queries.roster import COLUMNS, NEEDED, Line, Outcome, plan_of
from topics.services import roster as services

PER_PAGE = 100

UNREADABLE = {
    "too_large": gettext_lazy("The file is larger than 2 MB."),
    "encoding": gettext_lazy("The file is neither UTF-8 nor TIS-620. Save it as CSV (UTF-8)."),
    "too_many": gettext_lazy("The file has more than 5,000 lines. Bring it in parts."),
    "empty": gettext_lazy("The file has no line of people."),
    "columns": gettext_lazy("The first line must name the columns, “email” and “name” among them."),
    "broken": gettext_lazy("The file is no CSV: a quotation mark is not closed."),
}


class RosterForm(forms.Form):
    """``file``: CSV. Cleaned, its lines."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy(
            "With the columns email, name, student_id, year and teaches; only the first two are"
            " needed. In “teaches” stand topics, with commas between them."
        ),
    )

    def clean_file(self) -> list[dict[str, str]]:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            lines = sheets.rows_of(file.read(sheets.BYTES_MAX + 1), COLUMNS, NEEDED)
        except sheets.Unreadable as error:
            raise forms.ValidationError(UNREADABLE[error.code], code=error.code) from None
        if not any(any(line.values()) for line in lines):
            raise forms.ValidationError(UNREADABLE["empty"], code="empty")
        return lines


@admin.register(Roster)
class RosterAdmin(LookOnly):
    list_display = ["uploaded_at", "uploaded_by", "state", "size", "finished_at"]
    list_select_related = ["uploaded_by"]
    ordering = ["-uploaded_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Roster]:
        """For the list, which needs none of the lines: thousands in each."""
        return super().get_queryset(request).defer("lines", "outcomes")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may bring lists may add people, so both are asked for."""
        may = cast(User, request.user).has_perms(["topics.add_roster", "accounts.change_user"])
        return may and cast(User, request.user).has_staff_powers

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The file; then the page that says what it will do."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RosterForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            roster = services.keep(cast(User, request.user), form.cleaned_data["file"])
            return redirect("admin:topics_roster_change", roster.pk)
        context = self._context(request, title=_("Bring a roster"), form=form)
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/topics/roster_add.html", context, status=status)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What it will do, how far it is, or what became of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = int(object_id) if object_id.isascii() and object_id.isdigit() else 0
        roster = get_object_or_404(Roster, pk=pk)
        if request.method == "POST":
            return self._act(request, roster)
        context = self._context(request, title=_("Roster"), original=roster, **_shown(roster))
        steps = Paginator(context.pop("steps"), PER_PAGE)
        context["page"] = steps.get_page(request.GET.get("p"))
        return TemplateResponse(request, "admin/topics/roster.html", context)

    def _act(self, request: HttpRequest, roster: Roster) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if "discard" in request.POST:
            _done, refusal = attempt(lambda: services.discard(roster))
            if refusal is None:
                self.message_user(request, _("The list is forgotten."), messages.SUCCESS)
                return redirect("admin:topics_roster_changelist")
            self.message_user(request, refusal.message, messages.ERROR)
        elif "start" in request.POST:
            services.start(roster)
            self.log_change(request, roster, [{"action": "start", "words": ""}])
        return redirect("admin:topics_roster_change", roster.pk)

    def _context(self, request: HttpRequest, **more: Any) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "may_act": self.has_add_permission(request),
            **more,
        }


def _shown(roster: Roster) -> dict[str, Any]:
    """Lines with what each does or did, those with errors first, and sums by outcome."""
    if roster.state == Roster.State.READ:
        lines: list[Line] = roster.lines
        rows = [(step.number, step.line, step.outcome, step.words) for step in plan_of(lines)]
        rows.sort(key=lambda row: (not row[2].is_error, row[0]))
        outcomes = [row[2] for row in rows]
    else:
        outcomes = [Outcome(code) for code in roster.outcomes]
        numbered = enumerate(outcomes, 2)
        rows = [(number, {}, outcome, "") for number, outcome in numbered if outcome.is_error]
    counted = Counter(outcomes)
    sums = [(outcome, counted[outcome]) for outcome in Outcome if counted[outcome]]
    return {"steps": rows, "sums": sums, "errors": sum(n for each, n in sums if each.is_error)}
