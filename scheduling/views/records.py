"""One's hours as a TA, records of them, and a record as anybody sees it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.once import once, sent_once
from accounts.requests import UserRequest
from scheduling.forms.records import IssueForm
from scheduling.models import Record
from scheduling.queries.records import find_record
from scheduling.services import records
from scheduling.views.contexts.records import LANGUAGES, MyRecord, RecordPage, ended_title
from setahub.core.web.addresses import site_of
from setahub.core.web.messages import done
from setahub.core.web.refusals import attempt
from setahub.core.web.too_many import say_when

MINE = "scheduling:my_record"


@require_safe
def my_record(request: UserRequest) -> HttpResponse:
    """Sums of one's hours, for ``?from=`` and ``?to=`` and by terms, and the records issued."""
    page = MyRecord.of(request.user, request.GET)
    return render(request, "scheduling/my_record.html", vars(page))


@require_POST
@sent_once
def issue(request: UserRequest) -> HttpResponse:
    """Freeze the hours of a span under an address that can be handed on."""
    form = IssueForm(request.POST)
    record = form.attempt(
        once(request, lambda: records.issue(request.user, **form.cleaned_data), to=MINE)
    )
    if record is not None:
        return done(request, _("Issued. Hand on its address, or print it."), MINE)
    say_when(request, form)
    sent = {"from": form.data.get("from_day", ""), "to": form.data.get("to_day", "")}
    page = MyRecord.of(request.user, sent, form)
    return render(request, "scheduling/my_record.html", vars(page), status=form.status)


@require_POST
@sent_once
def revoke(request: UserRequest, pk: int) -> HttpResponse:
    """Take a record back: its address says so from then on."""
    record = get_object_or_404(Record.objects.of(request.user.pk), pk=pk)
    _done, refusal = attempt(
        once(request, lambda: records.take_back(record, request.user), to=MINE)
    )
    if refusal is None:
        messages.success(request, _("Taken back. Whoever opens its address is told so."))
    return redirect(MINE)


@login_not_required
@require_safe
def record(request: HttpRequest, token: str) -> HttpResponse:
    """A record in both languages, the same for everybody; one that has ended says so (410)."""
    found = find_record(token)
    if found is None:
        raise Http404
    if found.stands:
        response = render(
            request, "scheduling/record.html", vars(RecordPage.of(found, site_of(request)))
        )
    else:
        deleted = found.end == Record.End.DELETED
        context = {"deleted": deleted, "languages": LANGUAGES, "title": ended_title()}
        response = render(request, "scheduling/record_ended.html", context, status=410)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Language"] = "th, en"
    return response
