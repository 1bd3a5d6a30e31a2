"""Addresses of the installed app, for everybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from setahub.site.installed import offline, worker
from setahub.site.installed.manifest import manifest as described


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The site as an app, in the reader's language."""
    return JsonResponse(
        described(),
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
        # Browsers ask for it with every page; nothing of a person is in it but the language.
        headers={"Cache-Control": "private, max-age=600"},
    )


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The same for everybody: neither the session nor the user is asked for."""
    return HttpResponse(
        worker.script(), content_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@login_not_required
@require_safe
def offline_page(request: HttpRequest) -> HttpResponse:
    """What the worker shows when the site can't be reached; of who is signed in, their bookings."""
    user = request.user
    context = vars(offline.Offline.of(user)) if user.is_authenticated else {}
    return render(request, offline.TEMPLATE, context)
