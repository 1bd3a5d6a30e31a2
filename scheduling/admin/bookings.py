"""Bookings and their history in the admin."""

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from scheduling import history
from scheduling.admin.shared import CancelForm, FindsPeople, TaFilter
from scheduling.models import Booking, BookingEvent
from scheduling.services import bookings, check_ins
from setahub.core import clock
from setahub.core.admin.actions import LookOnly, LookOnlyInline
from setahub.core.admin.export import Export
from setahub.core.admin.filters import by_period, by_person, by_state

Status = Booking.Status

completed = partial(bookings.settle_by_staff, status=Status.COMPLETED)
no_show = partial(bookings.settle_by_staff, status=Status.NO_SHOW)

# What became of a student's report that the TA did not come.
by_absence = by_state(
    "absence",
    gettext_lazy("TA absent"),
    (
        "waits",
        gettext_lazy("reported, waits for the staff"),
        lambda rows: rows.filter(ta_absent_at__isnull=False).kept(),
    ),
    (
        "found",
        gettext_lazy("found to be so"),
        lambda rows: rows.filter(ta_absent_at__isnull=False).cancelled(),
    ),
)


class BookingEventInline(LookOnlyInline):
    model = BookingEvent
    fields = ["created_at", "kind", "actor", "words"]

    @admin.display(description=gettext_lazy("detail"))
    def words(self, row: BookingEvent) -> str:
        return history.words(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        return super().get_queryset(request).select_related("actor")


@admin.register(Booking)
class BookingAdmin(FindsPeople, Export, LookOnly):
    list_display = ["starts_at", "student", "ta", "topic", "status", "cancelled_late", "ta_absent"]
    list_filter = [
        by_period("starts_at", gettext_lazy("date"), ahead=True),
        "status",
        "topic",
        TaFilter,
        by_person("student", gettext_lazy("student")),
        by_person("ta", gettext_lazy("TA")),
        "cancelled_late",
        by_absence,
        ("checked_in_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["student", "ta", "topic"]
    people = ("student", "ta")
    date_hierarchy = "starts_at"
    view_on_site = False  # that page is for its two people
    ordering = ["-starts_at", "-pk"]
    fields = [
        "student", "ta", "topic", "starts_at", "ends_at", "status", "question", "created_at", "replaces",
        "cancelled_at", "cancelled_by", "why", "cancelled_late", "ta_absent_at",
        "checked_in_at",
    ]  # fmt: skip
    inlines = [BookingEventInline]
    actions = ["cancel", "complete", "undo_no_show", "undo_check_in", "ta_came", "missed", "absent"]
    titles = {
        "cancel": gettext_lazy("Cancel the bookings"),
        "undo_no_show": gettext_lazy("Undo a no-show"),
        "absent": gettext_lazy("The TA did not come"),
    }
    columns = [
        (gettext_lazy("ID"), lambda row: row.pk),
        (gettext_lazy("Start"), lambda row: row.starts_at),
        (gettext_lazy("End"), lambda row: row.ends_at),
        (gettext_lazy("Topic"), lambda row: row.topic.name),
        (gettext_lazy("Student"), lambda row: row.student.username),
        (gettext_lazy("Student ID"), lambda row: row.student.student_id),
        (gettext_lazy("TA"), lambda row: row.ta.username),
        (gettext_lazy("TA's student ID"), lambda row: row.ta.student_id),
        (gettext_lazy("Status"), lambda row: row.effective_status_label),
        (gettext_lazy("Cancelled late"), lambda row: row.cancelled_late),
        (gettext_lazy("Reported: TA absent"), lambda row: row.ta_absent_at is not None),
        (gettext_lazy("Checked in at"), lambda row: row.checked_in_at),
        (gettext_lazy("Booked at"), lambda row: row.created_at),
        (gettext_lazy("Question"), lambda row: row.question),
    ]

    @admin.display(description=gettext_lazy("TA absent"), boolean=True, ordering="ta_absent_at")
    def ta_absent(self, row: Booking) -> bool:
        return row.ta_absent_at is not None

    @admin.display(description=gettext_lazy("why it was cancelled"))
    def why(self, row: Booking) -> str:
        return row.why_cancelled

    def describe(self, row: Booking) -> str:
        return f"{clock.full(row.starts_at)}: {row.student} – {row.ta}, {row.topic}"

    def offers(self, action: str, row: Booking) -> bool:
        if action in ("ta_came", "missed", "absent"):
            waits = row.ta_absent_at is not None and row.status != Status.CANCELLED
            return waits and (action != "missed" or row.checked_in_at is None)
        if row.ta_absent_at is not None:
            return False  # one of those three decides
        if action == "cancel":
            return not row.is_settled
        if action == "undo_no_show":
            return row.status == Status.NO_SHOW
        if action == "undo_check_in":
            return row.checked_in_at is not None
        return row.status == Status.BOOKED and row.starts_at <= timezone.now()

    @admin.action(description=gettext_lazy("Cancel, and tell both"), permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Booking]) -> HttpResponse | None:
        return self.ask(request, queryset, CancelForm, bookings.cancel_by_staff)

    @admin.action(description=gettext_lazy("Mark as completed"), permissions=["act"])
    def complete(self, request: HttpRequest, queryset: QuerySet[Booking]) -> HttpResponse | None:
        return self.apply(request, queryset, completed)

    @admin.action(description=gettext_lazy("Undo a no-show: it took place"), permissions=["act"])
    def undo_no_show(
        self, request: HttpRequest, queryset: QuerySet[Booking]
    ) -> HttpResponse | None:
        missed = queryset.filter(status=Status.NO_SHOW)
        return self.apply(request, missed, completed)

    @admin.action(description=gettext_lazy("Undo a check-in"), permissions=["act"])
    def undo_check_in(
        self, request: HttpRequest, queryset: QuerySet[Booking]
    ) -> HttpResponse | None:
        return self.apply(request, queryset.filter(checked_in_at__isnull=False), check_ins.undo)

    @admin.action(description=gettext_lazy("Decide: it took place"), permissions=["act"])
    def ta_came(self, request: HttpRequest, queryset: QuerySet[Booking]) -> HttpResponse | None:
        return self.apply(request, queryset.filter(ta_absent_at__isnull=False), completed)

    @admin.action(description=gettext_lazy("Decide: the student did not come"), permissions=["act"])
    def missed(self, request: HttpRequest, queryset: QuerySet[Booking]) -> HttpResponse | None:
        return self.apply(request, queryset.filter(ta_absent_at__isnull=False), no_show)

    @admin.action(description=gettext_lazy("Decide: the TA did not come"), permissions=["act"])
    def absent(self, request: HttpRequest, queryset: QuerySet[Booking]) -> HttpResponse | None:
        reported = queryset.filter(ta_absent_at__isnull=False)
        return self.ask(request, reported, CancelForm, bookings.confirm_absence)
