"""What the calendar's pages in the admin have in common."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.errors import SchedulingError

# For now every cancellation by an admin gives this reason.
REASON = _("Cancelled by the faculty's staff.")


class LookOnly(admin.ModelAdmin):
    """Shows rows; nobody adds, changes or deletes one here, since the services guard the calendar.

    Who has the permission to change them may use actions with ``permissions=["act"]``.
    """

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class LookOnlyInline(admin.TabularInline):
    """Rows of a row, to look at."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields  # all of them, those that are never editable included

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class TaFilter(admin.SimpleListFilter):
    """By TA. Offers those who teach, which takes no look through the rows themselves."""

    title = _("TA")
    parameter_name = "ta"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tas = User.objects.filter(registrations__isnull=False).distinct().order_by("username_key")
        return [(str(ta.pk), ta.username) for ta in tas]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        offered = {handle for handle, _name in self.lookup_choices}
        return queryset.filter(ta=self.value()) if self.value() in offered else queryset


def cancel_each(
    request: HttpRequest, rows: "Iterable[Any] | QuerySet[Any]", cancel: Callable[..., object]
) -> None:
    """Cancel what was chosen, one by one; tell how many went, and why others did not."""
    done = 0
    for row in rows:
        try:
            cancel(row, request.user, str(REASON))
            done += 1
        except SchedulingError as error:
            messages.warning(request, f"{row}: {error.message}")
    if done:
        text = ngettext("%(count)d was cancelled.", "%(count)d were cancelled.", done)
        messages.success(request, text % {"count": done})
