"""What happened, and opening what it is about."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.models import Notice
from accounts.queries.notices import unread_number
from accounts.requests import UserRequest
from accounts.services import notices as services
from accounts.views.contexts.notices import NoticesPage, lines_of
from setahub.core.web.refusals import show_or_post


@show_or_post
def notices(request: UserRequest) -> HttpResponse:
    """The latest, which showing them does not read; a post reads all there are."""
    if request.method == "POST":
        services.read_all(request.user.pk)
        return redirect("notices")
    return render(request, "accounts/notices.html", vars(NoticesPage.of(request.user)))


@require_safe
def notice(request: UserRequest, pk: int) -> HttpResponse:
    """Read one: on to what it is about, or to words where that is gone."""
    opened = get_object_or_404(Notice.objects.of(request.user.pk), pk=pk)
    [line] = lines_of([opened], request.user)
    services.read(opened)
    if line.url:
        return redirect(line.url)
    return render(request, "accounts/notice.html", {"line": line})


@require_safe
def unread(request: UserRequest) -> HttpResponse:
    """How many are unread, as JSON."""
    return JsonResponse({"total": unread_number(request.user.pk)})
