"""No-shows that their students dispute, in the admin."""

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from scheduling.admin.shared import FindsPeople
from scheduling.models import Dispute
from scheduling.services import reliability
from setahub.core import clock
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.export import Export
from setahub.core.admin.filters import by_period, by_state

Decision = Dispute.Decision


# What is to be decided: not where the TA has said since that the student came.
by_waiting = by_state(
    "state",
    gettext_lazy("state"),
    ("waits", gettext_lazy("waits for the staff"), lambda rows: rows.waiting()),
    ("decided", gettext_lazy("decided"), lambda rows: rows.exclude(decision="")),
)


@admin.register(Dispute)
class DisputeAdmin(FindsPeople, Export, LookOnly):
    list_display = ["created_at", "student", "ta", "starts_at", "decision", "decided_at"]
    list_filter = [
        by_period("created_at", gettext_lazy("date")),
        by_waiting,
        "decision",
    ]
    list_select_related = ["booking__student", "booking__ta"]
    people = ("booking__student", "booking__ta")
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    view_on_site = False
    fields = [
        "booking", "student", "ta", "reason", "created_at", "decision", "decided_by", "decided_at",
    ]  # fmt: skip
    actions = ["uphold", "set_aside"]
    columns = [
        (gettext_lazy("ID"), lambda row: row.pk),
        (gettext_lazy("Disputed at"), lambda row: row.created_at),
        (gettext_lazy("Start"), lambda row: row.booking.starts_at),
        (gettext_lazy("Student"), lambda row: row.booking.student.username),
        (gettext_lazy("Student ID"), lambda row: row.booking.student.student_id),
        (gettext_lazy("TA"), lambda row: row.booking.ta.username),
        (gettext_lazy("Reason"), lambda row: row.reason),
        (gettext_lazy("Decision"), lambda row: row.get_decision_display()),
        (gettext_lazy("Decided at"), lambda row: row.decided_at),
    ]

    @admin.display(description=gettext_lazy("student"))
    def student(self, row: Dispute) -> str:
        return row.booking.student.username

    @admin.display(description=gettext_lazy("TA"))
    def ta(self, row: Dispute) -> str:
        return row.booking.ta.username

    @admin.display(description=gettext_lazy("start"), ordering="booking__starts_at")
    def starts_at(self, row: Dispute) -> str:
        return clock.full(row.booking.starts_at)

    def describe(self, row: Dispute) -> str:
        return f"{clock.full(row.booking.starts_at)}: {row.booking.student} – {row.booking.ta}"

    def offers(self, action: str, row: Dispute) -> bool:
        return row.is_waiting

    @admin.action(description=gettext_lazy("The no-show stands"), permissions=["act"])
    def uphold(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> HttpResponse | None:
        uphold = partial(reliability.decide, decision=Decision.UPHELD)
        return self.apply(request, queryset, uphold)

    @admin.action(description=gettext_lazy("The no-show doesn't count"), permissions=["act"])
    def set_aside(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> HttpResponse | None:
        set_aside = partial(reliability.decide, decision=Decision.SET_ASIDE)
        return self.apply(request, queryset, set_aside)
