"""Background work in the admin: what waits, what failed and why, and trying it again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from setahub.core import clock
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.filters import by_period
from setahub.core.work import worker

# django-tasks-db registers a page of its own, which can only be looked at.
admin.site.unregister(DBTaskResult)


@admin.register(DBTaskResult)
class TaskAdmin(LookOnly):
    change_form_template = "admin/change_form.html"  # the list alone offers the action
    list_display = ["task_name", "status", "tries", "why", "enqueued_at", "again_at", "finished_at"]
    list_filter = ["status", by_period("enqueued_at", _("date"))]
    search_fields = ["task_path", "exception_class_path"]
    ordering = ["-enqueued_at"]
    fields = [
        "task_path", "arguments", "status", "tries", "enqueued_at", "started_at", "again_at",
        "finished_at", "why", "trace",
    ]  # fmt: skip
    actions = ["try_again"]

    @admin.display(description=_("task"), ordering="task_path")
    def task_name(self, row: DBTaskResult) -> str:
        return row.task_name

    @admin.display(description=_("tries"))
    def tries(self, row: DBTaskResult) -> int:
        return len(row.worker_ids)

    @admin.display(description=_("last error"))
    def why(self, row: DBTaskResult) -> str:
        return row.exception_class_path.rpartition(".")[2] or "–"

    @admin.display(description=_("next try"))
    def again_at(self, row: DBTaskResult) -> str:
        waits = row.status == TaskResultStatus.READY and row.run_after != get_date_max()
        return clock.full(row.run_after) if waits else "–"

    @admin.display(description=_("ids it was given"))
    def arguments(self, row: DBTaskResult) -> str:
        return ", ".join(str(each) for each in row.args_kwargs["args"]) or "–"

    @admin.display(description=_("traceback"))
    def trace(self, row: DBTaskResult) -> SafeString:
        return format_html("<pre>{}</pre>", row.traceback or "–")

    @admin.action(description=_("Try failed ones again"), permissions=["act"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[DBTaskResult]) -> None:
        chosen = queryset.values_list("pk", flat=True)
        count = worker.try_again(DBTaskResult.objects.filter(pk__in=list(chosen)))
        text = ngettext(
            "%(count)d task is queued again.", "%(count)d tasks are queued again.", count
        )
        self.message_user(request, text % {"count": count})
