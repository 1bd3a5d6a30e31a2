"""Users in the admin. Accounts are made by signing up; being suspended is an action."""

from collections.abc import Mapping
from typing import Any, cast

from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.groups import NamesPermissions
from accounts.admin.person import parts
from accounts.errors import AccountError
from accounts.forms.account import ResetPasswordForm
from accounts.models import REASON_MAX, User, UserQuerySet
from accounts.queries.factors import factors_of
from accounts.services import mfa, profiles, suspensions
from accounts.services.administrators import check_one_stays
from setahub.core.admin.actions import Acting
from setahub.core.admin.export import Export
from setahub.core.admin.filters import by_condition
from setahub.core.web.refusals import refusal_of
from topics.models import Registration

TEACHES = Exists(Registration.objects.approved().filter(user=OuterRef("pk")))
POWER_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept for the staff; the person does not see it."),
    )


class SuspendForm(ReasonForm):
    cancel_bookings = forms.BooleanField(
        label=gettext_lazy("Cancel the coming bookings, taken and given, and tell the others"),
        required=False,
        initial=True,
    )


class UserForm(forms.ModelForm):
    """Shows beside its field what is taken: the keys that decide it are in no form."""

    class Meta:
        model = User
        fields = ["username", "student_id", "year", "bio"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            changed = User(pk=self.instance.pk, email=self.instance.email)
            changed.username = cleaned.get("username", self.instance.username)
            changed.student_id = cleaned.get("student_id")
            refusal = refusal_of(profiles.check_unique, changed)
            if refusal:
                self.add_error(refusal.field, refusal.message)
            self._check_one_stays(cleaned)
        return cleaned

    def _check_one_stays(self, cleaned: Mapping[str, Any]) -> None:
        """In the transaction of the page, so that nobody else steps down meanwhile."""
        powers = ("is_superuser", "is_staff")
        given_up = [name for name in powers if name in self.fields and not cleaned.get(name)]
        if given_up:
            refusal = refusal_of(check_one_stays, self.instance)
            if refusal:
                self.add_error(given_up[0], refusal.message)


@admin.register(User)
class UserAdmin(NamesPermissions, Export, Acting):
    form = UserForm
    change_form_template = "admin/accounts/user.html"
    list_display = ["username", "email", "student_id", "year", "teaches", "active", "date_joined"]
    list_filter = [
        "year",
        by_condition("ta", gettext_lazy("TA"), TEACHES),
        by_condition("suspended", gettext_lazy("suspended"), Q(is_active=False)),
        "is_staff",
    ]
    search_fields = ["search_key"]  # shows the box; the search is get_search_results
    search_help_text = gettext_lazy("Name, email or student ID")
    ordering = ["-date_joined", "-pk"]
    readonly_fields = ["email", "verified", "active", "date_joined", "last_login", "avatar"]
    filter_horizontal = ["groups", "user_permissions"]
    actions = ["suspend", "restore", "reset_password", "remove_factors"]
    titles = {
        "reset_password": gettext_lazy("Password reset sent"),
        "remove_factors": gettext_lazy("Remove the second step"),
    }
    fieldsets = [
        (None, {"fields": ["username", "email", "verified", "student_id", "year", "bio"]}),
        (gettext_lazy("State"), {"fields": ["active", "date_joined", "last_login", "avatar"]}),
        (gettext_lazy("Powers"), {"classes": ["collapse"], "fields": POWER_FIELDS}),
    ]
    columns = [
        (gettext_lazy("ID"), lambda user: user.pk),
        (gettext_lazy("Name"), lambda user: user.username),
        (gettext_lazy("Email"), lambda user: user.email),
        (gettext_lazy("Student ID"), lambda user: user.student_id),
        (gettext_lazy("Year"), lambda user: user.year),
        (gettext_lazy("TA"), lambda user: user.is_ta),
        (gettext_lazy("Suspended"), lambda user: not user.is_active),
        (gettext_lazy("Staff"), lambda user: user.is_staff),
        (gettext_lazy("Joined"), lambda user: user.date_joined),
        (gettext_lazy("Last sign-in"), lambda user: user.last_login),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).annotate(is_ta=TEACHES)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return cast(UserQuerySet, queryset).search(search_term), False

    @admin.display(description=gettext_lazy("TA"), boolean=True)
    def teaches(self, user: Any) -> bool:
        return user.is_ta

    @admin.display(description=gettext_lazy("active"), boolean=True, ordering="is_active")
    def active(self, user: User) -> bool:
        return user.is_active

    @admin.display(description=gettext_lazy("email confirmed"), boolean=True)
    def verified(self, user: User) -> bool:
        return EmailAddress.objects.is_verified(user.email)

    # --- Who may what ---------------------------------------------------------------------------

    def has_passwords_permission(self, request: HttpRequest) -> bool:
        return settings.PASSWORD_LOGIN and self.has_act_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # history points at people: they are suspended, not deleted

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff are changed by superusers alone, and what is left of deleted accounts by nobody."""
        if obj is not None and obj.deleted_at:
            return False
        if obj is not None and (obj.is_staff or obj.is_superuser):
            return request.user.is_superuser
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # Being allowed to edit people must not let anybody make themselves or others powerful.
        return [*self.readonly_fields, *([] if request.user.is_superuser else POWER_FIELDS)]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        profile = {name: form.cleaned_data[name] for name in UserForm.Meta.fields}
        profiles.update_profile(obj, **profile)
        powers = [name for name in form.changed_data if name in ("is_staff", "is_superuser")]
        if powers:
            obj.save(update_fields=powers)

    # --- Actions --------------------------------------------------------------------------------

    def offers(self, action: str, row: User) -> bool:
        if row.deleted_at:
            return False
        if action == "remove_factors":
            return bool(factors_of(row))
        return row.is_active is (action != "restore")

    @admin.action(description=gettext_lazy("Suspend"), permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self.ask(
            request,
            queryset,
            SuspendForm,
            suspensions.suspend,
            warning=_("They are signed out everywhere at once, and their free time disappears."),
        )

    @admin.action(description=gettext_lazy("Restore"), permissions=["act"])
    def restore(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self.ask(request, queryset, ReasonForm, suspensions.restore)

    @admin.action(description=gettext_lazy("Send a password reset"), permissions=["passwords"])
    def reset_password(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        def act(user: User, actor: User) -> None:
            form = ResetPasswordForm({"email": user.email})
            if not user.is_active or not form.is_valid():
                raise AccountError("suspended", _("Suspended people can't reset their password."))
            form.save(request)

        return self.apply(request, queryset, act)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if context.get("original"):
            context["parts"] = parts(context["original"], cast(User, request.user))
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(
        description=gettext_lazy(
            "Remove the second step of signing in, for somebody who has lost it"
        ),
        permissions=["act"],
    )
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self.ask(
            request,
            queryset,
            forms.Form,
            mfa.remove_factors,
            warning=_(
                "Authenticator app, passkeys and recovery codes are removed, and they are signed"
                " out everywhere; from then on the password alone is enough. First make sure that"
                " it is really them asking."
            ),
        )
