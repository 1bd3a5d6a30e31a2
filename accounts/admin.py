"""People in the admin. Accounts are made by signing up; being suspended is an action."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import services
from accounts.models import Block, User
from topics.models import Registration


class TeachesFilter(admin.SimpleListFilter):
    """TAs, or those who aren't."""

    title = _("TA")
    parameter_name = "ta"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        teaches = Exists(Registration.objects.approved().filter(user=OuterRef("pk")))
        if self.value() == "yes":
            return queryset.filter(teaches)
        return queryset.filter(~teaches) if self.value() == "no" else queryset


class UserForm(forms.ModelForm):
    """Says what is taken beside its field: those rules rest on keys that no form shows."""

    class Meta:
        model = User
        fields = ["username", "student_id", "year", "bio"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            changed = User(pk=self.instance.pk, email=self.instance.email)
            changed.username = cleaned.get("username", self.instance.username)
            changed.student_id = cleaned.get("student_id")
            try:
                services.check_unique(changed)
            except services.AccountError as error:
                self.add_error(error.field, error.message)
        return cleaned


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    form = UserForm
    list_display = [
        "username",
        "email",
        "student_id",
        "year",
        "is_active",
        "is_staff",
        "date_joined",
    ]
    list_filter = ["is_active", TeachesFilter, "year", "is_staff"]
    search_fields = ["username", "username_key", "email", "student_id"]
    date_hierarchy = "date_joined"
    ordering = ["-date_joined"]
    readonly_fields = ["email", "is_active", "date_joined", "last_login", "avatar"]
    filter_horizontal = ["groups", "user_permissions"]
    actions = ["suspend", "suspend_and_cancel", "restore"]
    fieldsets = [
        (None, {"fields": ["username", "email", "student_id", "year", "bio", "avatar"]}),
        (_("State"), {"fields": ["is_active", "date_joined", "last_login"]}),
        (_("Powers"), {"fields": ["is_staff", "is_superuser", "groups", "user_permissions"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # history points at people: they are suspended, not deleted

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # Who may edit people must not thereby make themselves or others powerful.
        powers = [] if request.user.is_superuser else self.fieldsets[2][1]["fields"]
        return [*self.readonly_fields, *powers]

    @admin.action(description=_("Suspend, bookings stay"), permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._suspend(request, queryset, cancel_bookings=False)

    @admin.action(description=_("Suspend and cancel their coming bookings"), permissions=["change"])
    def suspend_and_cancel(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._suspend(request, queryset, cancel_bookings=True)

    def _suspend(
        self, request: HttpRequest, queryset: QuerySet[User], *, cancel_bookings: bool
    ) -> None:
        count = 0
        for user in queryset:
            if user.is_superuser and not request.user.is_superuser:
                self.message_user(
                    request, _("You can't suspend %(name)s.") % {"name": user}, messages.ERROR
                )
                continue
            try:
                services.suspend(
                    user, actor=cast(User, request.user), cancel_bookings=cancel_bookings
                )
            except services.AccountError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                count += 1
        self.message_user(
            request, ngettext("%d person suspended.", "%d people suspended.", count) % count
        )

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            services.restore(user)
        count = len(queryset)
        self.message_user(
            request, ngettext("%d person restored.", "%d people restored.", count) % count
        )


@admin.register(Block)
class BlockAdmin(admin.ModelAdmin):
    list_display = ["blocker", "blocked", "created_at"]
    list_select_related = ["blocker", "blocked"]
    search_fields = ["blocker__username", "blocked__username"]
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Block | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Block | None = None) -> bool:
        return False
