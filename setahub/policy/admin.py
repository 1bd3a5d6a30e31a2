"""The faculty's policy in the admin: its numbers, exam weeks, and who changed what."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.filters import by_period
from setahub.core.db.constraints import one_at_a_time
from setahub.policy import services
from setahub.policy.constraints import LOCK
from setahub.policy.current import NUMBERS
from setahub.policy.history import Line, in_words, label
from setahub.policy.models import ExamWeek, FacultyPolicy, PolicyChange

SHOWN_CHANGES = 12


class PolicyForm(forms.ModelForm):
    """Each number with its default and its bounds beside it."""

    class Meta:
        model = FacultyPolicy
        fields = "__all__"  # noqa: DJ007  (the model is nothing but this form)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field_name, field in self.fields.items():
            name = field_name.upper()
            default = in_words(getattr(settings, name))
            if name in NUMBERS:
                bounds = NUMBERS[name]
                field.widget.attrs["placeholder"] = default
                limits = _("Default: %(default)s. From %(low)d to %(high)d.") % {
                    "default": default, "low": bounds.low, "high": bounds.high,
                }  # fmt: skip
            else:
                field.widget.choices = [
                    ("unknown", _("Default: %(default)s") % {"default": default}),
                    ("true", _("Yes")),
                    ("false", _("No")),
                ]
                limits = ""
            field.help_text = f"{field.help_text} {limits}".strip()


@admin.register(FacultyPolicy)
class PolicyAdmin(admin.ModelAdmin):
    """One form at the address of the list: there is one policy."""

    form = PolicyForm
    change_form_template = "admin/setahub/policy.html"
    fieldsets = [
        (
            gettext_lazy("Bookings"),
            {
                "description": gettext_lazy("An empty field leaves the installation's default."),
                "fields": [
                    "booking_min_notice", "booking_horizon", "max_active_bookings", "max_requests",
                    "reliability_points",
                    "late_cancel",
                    "late_cancel_grace",
                ],
            },
        ),
        (gettext_lazy("How it went"), {"fields": ["no_show_after", "outcome_switch", "auto_complete"]}),
        (gettext_lazy("TAs"), {"fields": ["ta_min_year", "ta_approval"]}),
        (gettext_lazy("Sessions"), {"fields": [
            "appointment_max_length", "appointment_max_ahead", "appointment_max_repeat",
            "appointment_max_seats",
        ]}),
        (gettext_lazy("Messages"), {"fields": ["messages_per_minute", "message_images_per_minute"]}),
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.GET.keys() - {"_changelist_filters"}:
            raise SuspiciousOperation("There is nothing to filter by")
        shown = {
            "title": _("Policy"),
            "changes": [
                Line.of(each)
                for each in PolicyChange.objects.select_related("actor")[:SHOWN_CHANGES]
            ],
            "exam_weeks": ExamWeek.objects.all(),
        }
        try:
            return self.changeform_view(
                request, str(FacultyPolicy.ONLY), "", {**shown, **(extra_context or {})}
            )
        except ValidationError as error:  # two changed it at once, and together it makes no sense
            for message in error.messages:
                messages.error(request, message)
            return HttpResponseRedirect(request.path)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> FacultyPolicy | None:
        if object_id != str(FacultyPolicy.ONLY):
            return None
        return FacultyPolicy.objects.first() or FacultyPolicy(pk=FacultyPolicy.ONLY)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        numbers = {name: form.cleaned_data[name] for name in form.changed_data}
        services.change_policy(cast(User, request.user), numbers)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, _("Saved. It applies from now on."))
        return HttpResponseRedirect(reverse("admin:setahub_facultypolicy_changelist"))


class ExamWeekForm(forms.ModelForm):
    """Checked while nobody else can store one, in the transaction of the page."""

    class Meta:
        model = ExamWeek
        fields = ["name", "first_day", "last_day", "max_active_bookings", "booking_min_notice"]

    def clean(self) -> dict[str, Any]:
        one_at_a_time(LOCK)
        return super().clean() or {}


@admin.register(ExamWeek)
class ExamWeekAdmin(admin.ModelAdmin):
    form = ExamWeekForm
    list_display = ["name", "first_day", "last_day", "max_active_bookings", "booking_min_notice"]
    ordering = ["-first_day"]
    fields = ["name", ("first_day", "last_day"), "max_active_bookings", "booking_min_notice"]
    actions = None  # each is deleted on its own page, through the service

    def save_model(self, request: HttpRequest, obj: ExamWeek, form: Any, change: bool) -> None:
        services.save_exam_week(cast(User, request.user), obj)

    def delete_model(self, request: HttpRequest, obj: ExamWeek) -> None:
        services.delete_exam_week(cast(User, request.user), obj)


@admin.register(PolicyChange)
class PolicyChangeAdmin(LookOnly):
    list_display = ["at", "actor", "changed", "before", "after"]
    list_select_related = ["actor"]
    list_filter = [by_period("at", gettext_lazy("date"))]
    search_fields = ["what", "actor__username"]
    list_display_links = None

    @admin.display(description=gettext_lazy("what"))
    def changed(self, change: PolicyChange) -> str:
        return label(change)

    @admin.display(description=gettext_lazy("from"))
    def before(self, change: PolicyChange) -> str:
        return in_words(change.before)

    @admin.display(description=gettext_lazy("to"))
    def after(self, change: PolicyChange) -> str:
        return in_words(change.after)
