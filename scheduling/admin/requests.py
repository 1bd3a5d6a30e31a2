"""Help requests and offers in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy, pgettext_lazy

from scheduling.admin.shared import FindsPeople
from scheduling.models import HelpRequest, Offer
from scheduling.services import requests
from setahub.core import clock
from setahub.core.admin.actions import LookOnly, LookOnlyInline
from setahub.core.admin.export import Export
from setahub.core.admin.filters import by_period, by_person


class OfferInline(LookOnlyInline):
    model = Offer
    fields = ["slot", "student", "turn", "status", "created_at", "expires_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        return super().get_queryset(request).select_related("student", "slot")


@admin.register(HelpRequest)
class HelpRequestAdmin(FindsPeople, Export, LookOnly):
    list_display = [
        "created_at", "topic", "student", "ta", "waiting", "status", "from_day", "to_day", "shared",
    ]  # fmt: skip
    list_filter = [
        by_period("created_at", gettext_lazy("date")),
        "status",
        "topic",
        "shared",
        by_person("student", gettext_lazy("student")),
        by_person("ta", gettext_lazy("TA")),
    ]
    list_select_related = ["student", "ta", "topic"]
    people = ("student", "ta")
    date_hierarchy = "created_at"
    view_on_site = False  # that page is for who waits, and for TAs
    ordering = ["-created_at", "-pk"]
    fields = [
        "student", "topic", "ta", "question", "from_day", "to_day", "part_words", "shared", "waiting",
        "status", "created_at", "closed_at",
    ]  # fmt: skip
    inlines = [OfferInline]
    actions = ["close"]
    columns = [
        (gettext_lazy("ID"), lambda row: row.pk),
        (gettext_lazy("Asked at"), lambda row: row.created_at),
        (gettext_lazy("Topic"), lambda row: row.topic.name),
        (gettext_lazy("Student"), lambda row: row.student.username),
        (gettext_lazy("Student ID"), lambda row: row.student.student_id),
        (gettext_lazy("TA"), lambda row: row.ta.username if row.ta else ""),
        (pgettext_lazy("a day", "From"), lambda row: row.from_day),
        (pgettext_lazy("a day", "To"), lambda row: row.to_day),
        (gettext_lazy("Time of day"), lambda row: ", ".join(row.part_names)),
        (gettext_lazy("Shared"), lambda row: row.shared),
        (gettext_lazy("Waiting"), lambda row: row.waiting),
        (gettext_lazy("Status"), lambda row: row.get_status_display()),
        (gettext_lazy("Closed at"), lambda row: row.closed_at),
        (gettext_lazy("Question"), lambda row: row.question),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpRequest]:
        return HelpRequest.objects.counted()

    @admin.display(description=pgettext_lazy("people in line", "waiting"), ordering="waiting")
    def waiting(self, row: HelpRequest) -> int:
        return row.waiting

    @admin.display(description=gettext_lazy("parts of the day"))
    def part_words(self, row: HelpRequest) -> str:
        return ", ".join(row.part_names)

    def describe(self, row: HelpRequest) -> str:
        return f"{row.topic} ({row.student}, {clock.full(row.created_at)})"

    def offers(self, action: str, row: HelpRequest) -> bool:
        return row.waiting > 0

    @admin.action(description=gettext_lazy("Close, for all who wait"), permissions=["act"])
    def close(self, request: HttpRequest, queryset: QuerySet[HelpRequest]) -> HttpResponse | None:
        return self.apply(request, queryset, lambda row, _actor: requests.close_by_staff(row))


@admin.register(Offer)
class OfferAdmin(FindsPeople, Export, LookOnly):
    list_display = [
        "created_at", "starts_at", "topic", "student", "ta", "turn", "status", "expires_at",
    ]  # fmt: skip
    list_filter = [
        by_period("created_at", gettext_lazy("date")),
        "status",
        "request__topic",
        by_person("student", gettext_lazy("student")),
    ]
    list_select_related = ["student", "request__topic", "slot__appointment__ta"]
    people = ("student",)
    date_hierarchy = "created_at"
    view_on_site = False  # that page is its person's
    ordering = ["-created_at", "-pk"]
    fields = [
        "student", "request", "starts_at", "ta", "turn", "status", "created_at", "expires_at",
        "ended_at",
    ]  # fmt: skip
    columns = [
        (gettext_lazy("ID"), lambda row: row.pk),
        (gettext_lazy("Offered at"), lambda row: row.created_at),
        (gettext_lazy("Start"), lambda row: row.slot.starts_at),
        (gettext_lazy("Topic"), lambda row: row.request.topic.name),
        (gettext_lazy("Student"), lambda row: row.student.username),
        (gettext_lazy("Student ID"), lambda row: row.student.student_id),
        (gettext_lazy("TA"), lambda row: row.slot.appointment.ta.username),
        (gettext_lazy("Turn"), lambda row: row.turn),
        (gettext_lazy("Status"), lambda row: row.get_status_display()),
        (gettext_lazy("Until"), lambda row: row.expires_at),
        (gettext_lazy("Ended at"), lambda row: row.ended_at),
    ]

    @admin.display(description=gettext_lazy("start"), ordering="slot__starts_at")
    def starts_at(self, row: Offer) -> str:
        return clock.full(row.slot.starts_at)

    @admin.display(description=gettext_lazy("topic"), ordering="request__topic__name_key")
    def topic(self, row: Offer) -> str:
        return row.request.topic.name

    @admin.display(description=gettext_lazy("TA"))
    def ta(self, row: Offer) -> str:
        return row.slot.appointment.ta.username
