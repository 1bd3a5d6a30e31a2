"""TA sessions and their slots in the admin."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scheduling.admin.shared import LookOnly, LookOnlyInline, TaFilter, cancel_each
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.services import appointments


class StateFilter(admin.SimpleListFilter):
    """Coming, over or cancelled."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("upcoming", _("upcoming")),
            ("completed", _("completed")),
            ("cancelled", _("cancelled")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        now = timezone.now()
        if self.value() == "upcoming":
            return queryset.filter(cancelled_at__isnull=True, ends_at__gt=now)
        if self.value() == "completed":
            return queryset.filter(cancelled_at__isnull=True, ends_at__lte=now)
        if self.value() == "cancelled":
            return queryset.filter(cancelled_at__isnull=False)
        return queryset


class TimeSlotInline(LookOnlyInline):
    model = TimeSlot
    fields = ["starts_at", "ends_at", "capacity", "taken", "withdrawn"]
    ordering = ["starts_at"]


@admin.register(Appointment)
class AppointmentAdmin(LookOnly):
    list_display = ["starts_at", "ends_at", "ta", "topic_names", "location", "booked", "state"]
    list_filter = [StateFilter, TaFilter, "topics", "starts_at"]
    list_select_related = ["ta"]
    search_fields = ["ta__username", "ta__email", "location", "topics__name"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    fields = [
        "ta", "topics", "starts_at", "ends_at", "slot_minutes", "capacity", "location", "notes",
        "series", "created_at", "cancelled_at", "cancel_reason",
    ]  # fmt: skip
    inlines = [TimeSlotInline]
    actions = ["cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        kept = ~Q(slots__bookings__status=Booking.Status.CANCELLED)
        return (
            super()
            .get_queryset(request)
            .prefetch_related("topics")
            .annotate(booked=Count("slots__bookings", filter=kept, distinct=True))
        )

    @admin.display(description=_("topics"))
    def topic_names(self, row: Appointment) -> str:
        return ", ".join(topic.name for topic in row.topics.all())

    @admin.display(description=_("bookings"), ordering="booked")
    def booked(self, row: Any) -> int:
        return row.booked

    @admin.display(description=_("cancelled"))
    def state(self, row: Appointment) -> datetime | None:
        return row.cancelled_at

    @admin.action(description=_("Cancel, and tell the students"), permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> None:
        cancel_each(request, queryset, appointments.cancel_by_staff)


@admin.register(TimeSlot)
class TimeSlotAdmin(LookOnly):
    list_display = ["starts_at", "ends_at", "ta", "capacity", "taken", "withdrawn"]
    list_filter = ["withdrawn", "starts_at"]
    list_select_related = ["appointment__ta"]
    search_fields = ["appointment__ta__username", "appointment__location"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    fields = ["appointment", "starts_at", "ends_at", "capacity", "taken", "withdrawn"]

    @admin.display(description=_("TA"))
    def ta(self, row: TimeSlot) -> str:
        return row.appointment.ta.username
