"""Bookings and their history in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from scheduling.admin.shared import LookOnly, LookOnlyInline, TaFilter, cancel_each
from scheduling.models import Booking, BookingEvent
from scheduling.services import booking


class BookingEventInline(LookOnlyInline):
    model = BookingEvent
    fields = ["created_at", "kind", "actor", "detail"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        return super().get_queryset(request).select_related("actor")


@admin.register(Booking)
class BookingAdmin(LookOnly):
    list_display = [
        "starts_at", "student", "ta", "topic", "status", "cancelled_late", "ta_absent_at"
    ]  # fmt: skip
    list_filter = [
        "status",
        "cancelled_late",
        ("ta_absent_at", admin.EmptyFieldListFilter),
        TaFilter,
        "topic",
        "starts_at",
    ]
    list_select_related = ["student", "ta", "topic"]
    search_fields = ["student__username", "student__email", "ta__username", "ta__email", "question"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    fields = [
        "student", "ta", "topic", "starts_at", "ends_at", "status", "question", "created_at",
        "cancelled_at", "cancelled_by", "cancel_reason", "cancelled_late", "ta_absent_at",
    ]  # fmt: skip
    inlines = [BookingEventInline]
    actions = ["cancel"]

    @admin.action(description=_("Cancel, and tell both"), permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        cancel_each(request, queryset, booking.cancel_by_staff)
