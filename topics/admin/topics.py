"""Topics and registrations for staff. Everything that changes them goes through the services."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.filters import Folded, by_condition, by_person
from topics import services
from topics.forms import TopicNameField
from topics.models import Registration, Topic, TopicQuerySet

NOTE_MAX = 500


class MergeForm(forms.Form):
    target = forms.ModelChoiceField(
        Topic.objects.listed().order_by("sort_key"), label=gettext_lazy("Merge into")
    )


class RenameForm(forms.Form):
    name = TopicNameField(label=gettext_lazy("New name"))


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=NOTE_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The applicant is told this. Optional."),
    )


@admin.register(Topic)
class TopicAdmin(LookOnly):
    list_display = ["name", "creator", "tas", "waiting", "created_at", "archived_at", "on_site"]
    list_filter = [by_condition("archived", gettext_lazy("archived"), Q(archived_at__isnull=False))]
    list_select_related = ["creator"]
    search_fields = ["search_key"]  # the box; the search is get_search_results
    ordering = ["sort_key"]
    fields = [
        "name", "slug", "description", "keywords", "image", "creator", "created_at", "archived_at",
        "merged_into", "on_site",
    ]  # fmt: skip
    actions = ["rename", "merge", "archive", "restore"]
    titles = {"archive": gettext_lazy("Archive"), "restore": pgettext_lazy("topic", "Restore")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return Topic.objects.with_ta_count().with_pending_count()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Topic], search_term: str
    ) -> tuple[QuerySet[Topic], bool]:
        return cast(TopicQuerySet, queryset).search(search_term), False

    @admin.display(description=gettext_lazy("TAs"), ordering="ta_count")
    def tas(self, topic: Topic) -> int:
        return topic.ta_count

    @admin.display(description=gettext_lazy("waiting"), ordering="pending_count")
    def waiting(self, topic: Topic) -> int:
        return topic.pending_count  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("on the site"))
    def on_site(self, topic: Topic) -> SafeString:
        """Staff change and delete a topic on its own pages, like its creator."""
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("topics:edit", args=[topic.slug]),
            _("edit"),
            reverse("topics:delete", args=[topic.slug]),
            _("delete"),
        )

    def offers(self, action: str, row: Topic) -> bool:
        if action == "restore":
            return row.is_archived and not row.merged_into_id
        return not row.merged_into_id and not (action == "archive" and row.is_archived)

    @admin.action(description=gettext_lazy("Rename"), permissions=["act"])
    def rename(self, request: HttpRequest, queryset: QuerySet[Topic]) -> HttpResponse | None:
        def act(topic: Topic, actor: User, name: str) -> None:
            services.update_topic(topic, actor, name=name, description=topic.description)

        return self.ask(request, queryset, RenameForm, act)

    @admin.action(description=gettext_lazy("Merge into another topic"), permissions=["act"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Topic]) -> HttpResponse | None:
        return self.ask(
            request,
            queryset,
            MergeForm,
            lambda topic, actor, target: services.merge_topics(topic, target, actor),
            warning=_(
                "Registrations, sessions, bookings and requests become the other topic's. This one is archived,"
                " and its address leads there. It can't be undone."
            ),
        )

    @admin.action(
        description=gettext_lazy("Archive: hide from lists, keep the history"), permissions=["act"]
    )
    def archive(self, request: HttpRequest, queryset: QuerySet[Topic]) -> HttpResponse | None:
        return self.apply(request, queryset, services.archive_topic)

    @admin.action(description=gettext_lazy("Restore: list again"), permissions=["act"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Topic]) -> HttpResponse | None:
        return self.apply(request, queryset, services.restore_topic)


@admin.register(Registration)
class RegistrationAdmin(Folded, LookOnly):
    list_display = ["user", "year", "topic", "status", "created_at"]
    list_filter = [
        "status",
        ("topic", admin.RelatedOnlyFieldListFilter),
        by_person("user", gettext_lazy("user")),
    ]
    list_select_related = ["user", "topic"]
    search_fields = ["user__search_key", "user__email_key", "topic__search_key"]
    ordering = ["-created_at", "-pk"]
    fields = ["user", "topic", "status", "created_at"]
    actions = ["approve", "decline"]
    titles = {"approve": gettext_lazy("Approve"), "decline": gettext_lazy("Decline")}

    @admin.display(description=gettext_lazy("year of study"), ordering="user__year")
    def year(self, registration: Registration) -> int | None:
        return registration.user.year

    def describe(self, row: Registration) -> str:
        return f"{row.user} – {row.topic}"

    def offers(self, action: str, row: Registration) -> bool:
        return not row.is_approved

    @admin.action(description=gettext_lazy("Approve: they teach the topic"), permissions=["act"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Registration]) -> Any:
        return self._decide(request, queryset, services.approve)

    @admin.action(
        description=gettext_lazy("Decline: the registration is gone"), permissions=["act"]
    )
    def decline(self, request: HttpRequest, queryset: QuerySet[Registration]) -> Any:
        return self._decide(request, queryset, services.decline)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Registration], act: Any
    ) -> HttpResponse | None:
        chosen = queryset.select_related("user", "topic")
        return self.ask(request, chosen, NoteForm, act)
