"""TA sessions and their slots in the admin."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.admin.shared import CancelForm, FindsPeople, TaFilter
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.services import appointments
from scheduling.services.plan import COLUMNS
from setahub.core import clock
from setahub.core.admin.actions import LookOnly, LookOnlyInline
from setahub.core.admin.export import Export
from setahub.core.admin.filters import by_period, by_person, by_state

by_progress = by_state(
    "state",
    gettext_lazy("status"),
    ("upcoming", gettext_lazy("upcoming"), lambda rows: rows.upcoming(timezone.now())),
    ("completed", gettext_lazy("completed"), lambda rows: rows.completed(timezone.now())),
    ("cancelled", gettext_lazy("cancelled"), lambda rows: rows.cancelled()),
)


class CountsBooked:
    """Seats that are or were booked; ``taken`` are those held now, which a booker must know."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[TimeSlot]:
        rows: QuerySet[TimeSlot] = super().get_queryset(request)  # type: ignore[misc]
        bookings = Booking.objects.kept().filter(slot=OuterRef("pk")).order_by()
        counted = bookings.values("slot").annotate(count=Count("pk")).values("count")
        return rows.annotate(booked=Coalesce(Subquery(counted), 0))

    @admin.display(description=gettext_lazy("booked"))
    def booked(self, row: Any) -> int:
        return row.booked


class TimeSlotInline(CountsBooked, LookOnlyInline):
    model = TimeSlot
    fields = ["starts_at", "ends_at", "capacity", "booked", "withdrawn"]
    readonly_fields = ["booked"]
    ordering = ["starts_at"]


def _bookings(of: str, **which: Any) -> Subquery:
    """How many bookings (or their slots: ``of``) of the row's session there are."""
    rows = Booking.objects.filter(slot__appointment=OuterRef("pk"), **which).order_by()
    counted = rows.values("slot__appointment").annotate(count=Count(of, distinct=True))
    return Coalesce(Subquery(counted.values("count")), 0)  # type: ignore[return-value]


@admin.register(Appointment)
class AppointmentAdmin(FindsPeople, Export, LookOnly):
    list_display = ["starts_at", "ends_at", "ta", "topic_names", "location", "booked", "state"]
    list_filter = [
        by_period("starts_at", gettext_lazy("date"), ahead=True),
        by_progress,
        "topics",
        TaFilter,
        by_person("ta", gettext_lazy("TA")),
    ]
    list_select_related = ["ta"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-pk"]
    fields = [
        "ta", "topics", "starts_at", "ends_at", *COLUMNS, "series", "created_at", "cancelled_at",
        "why",
    ]  # fmt: skip
    inlines = [TimeSlotInline]
    actions = ["cancel"]
    titles = {"cancel": gettext_lazy("Cancel the sessions")}
    columns = [
        (gettext_lazy("ID"), lambda row: row.pk),
        (gettext_lazy("TA"), lambda row: row.ta.username),
        (gettext_lazy("Student ID"), lambda row: row.ta.student_id),
        (gettext_lazy("Email"), lambda row: row.ta.email),
        (gettext_lazy("Start"), lambda row: row.starts_at),
        (gettext_lazy("End"), lambda row: row.ends_at),
        (gettext_lazy("Topics"), lambda row: ", ".join(each.name for each in row.topics.all())),
        (gettext_lazy("Place"), lambda row: row.location),
        (gettext_lazy("Cancelled"), lambda row: row.is_cancelled),
        (gettext_lazy("Bookings"), lambda row: row.booked),
        (gettext_lazy("Completed"), lambda row: row.completed),
        (gettext_lazy("No-shows"), lambda row: row.missed),
        (gettext_lazy("Minutes given"), lambda row: row.given_slots * row.slot_minutes),
    ]

    @admin.display(description=gettext_lazy("why it was cancelled"))
    def why(self, row: Appointment) -> str:
        return row.why_cancelled

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        # Counted for the rows of one page only: a join would count all bookings there are.
        statuses = ["booked", "completed", "no_show"]
        rows = super().get_queryset(request).prefetch_related("topics")
        return rows.annotate(booked=_bookings("pk", status__in=statuses))

    def exported(self, rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
        """With what was given: a slot with several students is one slot of the TA's time."""
        rows = super().exported(rows)
        return rows.annotate(
            completed=_bookings("pk", status="completed"),
            missed=_bookings("pk", status="no_show"),
            given_slots=_bookings(
                "slot", status__in=["completed", "no_show"], ta_absent_at__isnull=True
            ),
        )

    @admin.display(description=gettext_lazy("topics"))
    def topic_names(self, row: Appointment) -> str:
        return ", ".join(topic.name for topic in row.topics.all())

    @admin.display(description=gettext_lazy("bookings"), ordering="booked")
    def booked(self, row: Any) -> int:
        return row.booked

    @admin.display(description=gettext_lazy("cancelled"))
    def state(self, row: Appointment) -> datetime | None:
        return row.cancelled_at

    def describe(self, row: Appointment) -> str:
        return f"{clock.full_range(row.starts_at, row.ends_at)}: {row.ta}"

    def offers(self, action: str, row: Appointment) -> bool:
        return not row.is_cancelled and not row.has_ended()

    @admin.action(description=gettext_lazy("Cancel, and tell the students"), permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> HttpResponse | None:
        return self.ask(
            request,
            queryset,
            CancelForm,
            appointments.cancel_by_staff,
            warning=_("Their bookings are cancelled too, and the students are told."),
        )


@admin.register(TimeSlot)
class TimeSlotAdmin(CountsBooked, FindsPeople, LookOnly):
    list_display = ["starts_at", "ends_at", "ta", "capacity", "booked", "withdrawn"]
    list_filter = [by_period("starts_at", gettext_lazy("date"), ahead=True), "withdrawn"]
    list_select_related = ["appointment__ta"]
    people = ("appointment__ta",)
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-pk"]
    fields = ["appointment", "starts_at", "ends_at", "capacity", "booked", "withdrawn"]
    readonly_fields = ["booked"]

    @admin.display(description=gettext_lazy("TA"))
    def ta(self, row: TimeSlot) -> str:
        return row.appointment.ta.username
