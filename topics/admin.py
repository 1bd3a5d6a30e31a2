"""Topics and registrations for staff. Everything that changes them goes through the services."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from setahub.lib.keys import fold
from topics import services
from topics.models import Registration, Topic, TopicQuerySet
from topics.services import TopicError


class ArchivedFilter(admin.SimpleListFilter):
    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("No")), ("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Topic]) -> QuerySet[Topic]:
        if self.value() in ("yes", "no"):
            return queryset.filter(archived_at__isnull=self.value() == "no")
        return queryset


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows are looked at here and changed by actions, which call services."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """What actions ask for: Django's permission to change rows of this model."""
        return super().has_change_permission(request)

    def apply(
        self, request: HttpRequest, rows: Iterable[Any], act: Callable[[Any, Any], object]
    ) -> None:
        """Do it to each row, and tell how many it was and what was refused."""
        done = 0
        for row in rows:
            try:
                act(row, request.user)
            except TopicError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            else:
                done += 1
        if done:
            text = ngettext("%(count)d changed.", "%(count)d changed.", done) % {"count": done}
            self.message_user(request, text, messages.SUCCESS)


@admin.register(Topic)
class TopicAdmin(ReadOnlyAdmin):
    list_display = ["name", "creator", "tas", "waiting", "created_at", "archived_at", "on_site"]
    list_filter = [ArchivedFilter]
    list_select_related = ["creator"]
    list_per_page = 50
    search_fields = ["name_key"]  # the box; the search is get_search_results
    date_hierarchy = "created_at"
    ordering = ["name_key"]
    fields = [
        "name", "slug", "description", "image", "creator", "created_at", "archived_at", "on_site",
    ]  # fmt: skip
    actions = ["archive", "restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return Topic.objects.with_ta_count().with_pending_count()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Topic], search_term: str
    ) -> tuple[QuerySet[Topic], bool]:
        return cast(TopicQuerySet, queryset).search(search_term), False

    @admin.display(description=_("TAs"), ordering="ta_count")
    def tas(self, topic: Topic) -> int:
        return topic.ta_count  # type: ignore[attr-defined]

    @admin.display(description=_("waiting"), ordering="pending_count")
    def waiting(self, topic: Topic) -> int:
        return topic.pending_count  # type: ignore[attr-defined]

    @admin.display(description=_("on the site"))
    def on_site(self, topic: Topic) -> SafeString:
        """Staff change and delete a topic on its own pages, like its creator."""
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("topics:edit", args=[topic.slug]),
            _("edit"),
            reverse("topics:delete", args=[topic.slug]),
            _("delete"),
        )

    @admin.action(
        description=_("Archive: hide from lists, keep the history"), permissions=["decide"]
    )
    def archive(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        self.apply(request, queryset, services.archive_topic)

    @admin.action(description=_("Restore: list again"), permissions=["decide"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        self.apply(request, queryset, services.restore_topic)


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ["user", "year", "topic", "status", "created_at"]
    list_filter = ["status", ("topic", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "topic"]
    list_per_page = 50
    search_fields = ["user__username_key", "user__email_key", "topic__name_key"]
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    fields = ["user", "topic", "status", "created_at"]
    actions = ["approve", "decline"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Registration], search_term: str
    ) -> tuple[QuerySet[Registration], bool]:
        # The keys that are searched are folded; SQLite by itself folds ASCII only.
        return super().get_search_results(request, queryset, fold(search_term))

    @admin.display(description=_("year of study"), ordering="user__year")
    def year(self, registration: Registration) -> int | None:
        return registration.user.year

    @admin.action(description=_("Approve: they teach the topic"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Registration]) -> None:
        self.apply(request, queryset.select_related("user", "topic"), services.approve)

    @admin.action(description=_("Decline: the registration is gone"), permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Registration]) -> None:
        self.apply(request, queryset.select_related("user", "topic"), services.decline)
