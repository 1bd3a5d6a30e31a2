"""Every free time of one TA."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.queries.stars import seen_by
from accounts.requests import UserRequest
from scheduling.views.contexts.times import TimesPage
from setahub.core.web.parts import wants_part
from topics.queries.topics import find


@require_safe
def timeslots(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots by day from ``?from=`` to the horizon, of all topics or of ``?topic=``.

    ``?part=`` and ``?place=`` narrow them. htmx gets the times alone.
    """
    ta = seen_by(request.user, pk)
    if ta is None:
        raise Http404
    handle = request.GET.get("topic", "").strip()
    topic = find(handle) if handle else None
    if handle and topic is None:
        raise Http404
    page = TimesPage.of(request.user, ta, topic, request.GET)
    if wants_part(request) and page.times:
        return render(request, "scheduling/_times.html", page.shown | {"fragment": True})
    return render(request, "scheduling/timeslots.html", page.shown)
