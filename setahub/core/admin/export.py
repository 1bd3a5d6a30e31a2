"""Lists of the admin as CSV: what the list shows now, row by row, in constant memory."""

import csv
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from setahub.core import clock
from setahub.core.web.streaming import file_response

ROWS = 1000  # of one chunk, read and sent at once
# Excel and its like take a cell that begins so for a formula. Source: OWASP, "CSV Injection".
FORMULA = tuple("=+-@\t\r\n＝＋－＠")

Column = tuple[Any, Callable[[Any], object]]  # its title, and its value of a row


class Export(admin.ModelAdmin):
    """Adds ``export/`` beside the list: the rows that its search and filters leave, as CSV."""

    change_list_template = "admin/export_list.html"
    columns: Sequence[Column] = ()

    def exported(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with what the columns need loaded along; unless said otherwise, what the list has."""
        related = self.list_select_related
        return rows.select_related(*related) if isinstance(related, list) else rows

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Only for those who may change such rows: a list of everybody is more than a look at one."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        own = path("export/", self.admin_site.admin_view(self.export_view), name=name)
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        query = request.GET.copy()
        query.pop("p", None)
        shown = {
            "may_export": self.has_export_permission(request),
            "export_query": query.urlencode(),
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_export_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        LogEntry.objects.create(
            user_id=cast(int, request.user.pk),
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr="CSV export",  # a mark that staff don't see
            action_flag=CHANGE,
            change_message=request.GET.urlencode(),
        )
        titles = [str(title) for title, _value in self.columns]
        cells = (
            [value(row) for _title, value in self.columns]
            for row in self.exported(rows).iterator(chunk_size=ROWS)
        )
        return download(request, f"{self.opts.model_name}s-{clock.today()}.csv", titles, cells)


def download(
    request: HttpRequest, name: str, titles: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Rows as a CSV file that is sent while it is made."""
    return file_response(request, in_chunks(titles, rows), name, "text/csv; charset=utf-8")


def in_chunks(
    titles: Sequence[str], rows: Iterable[Sequence[object]]
) -> Generator[bytes, None, None]:
    """The file in pieces of ROWS lines, with the mark by which Excel knows UTF-8."""
    lines = StringIO("\ufeff")
    lines.seek(0, 2)
    writer = csv.writer(lines)
    writer.writerow(titles)
    for number, row in enumerate(rows, start=1):
        writer.writerow([cell(value) for value in row])
        if number % ROWS == 0:
            yield lines.getvalue().encode()
            lines.seek(0)
            lines.truncate()
    yield lines.getvalue().encode()


def cell(value: object) -> object:
    """A value as a cell: times on the site's clock, nothing that a program would calculate."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
