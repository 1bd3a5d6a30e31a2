"""Every free time of one TA."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import UserRequest
from scheduling.queries.free import ANY, Wanted
from scheduling.queries.obstacles import is_blocked
from scheduling.views.contexts.slots import choices, start_day, times_of_ta
from setahub.core.web.parts import wants_part
from topics.queries.topics import find, taught_by


@require_safe
def timeslots(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots by day from ``?from=`` to the horizon, of all topics or of ``?topic=``.

    ``?part=`` and ``?place=`` narrow them. htmx gets the times alone.
    """
    ta = get_object_or_404(User.objects.active(), pk=pk)
    handle = request.GET.get("topic", "").strip()
    topic = find(handle) if handle else None
    if handle and topic is None:
        raise Http404
    day = start_day(request.GET.get("from"))
    closed = is_blocked(request.user, ta.pk)
    wanted = Wanted.of(request.GET)
    which: dict[str, Any] = {"topic": topic.pk if topic else None, "ta": ta.pk, "wanted": wanted}
    context = {
        "closed": closed,
        **({} if closed else vars(times_of_ta(request.user, day, **which))),
        "ta": ta,
        "topic": topic,
        "topics": taught_by(ta),
        "from_today": day == start_day(None),
        "choices": choices(wanted),
        "narrowed": wanted != ANY,
        "own": ta.pk == request.user.pk,
        "fragment": wants_part(request) and not closed,
    }
    template = "scheduling/_times.html" if context["fragment"] else "scheduling/timeslots.html"
    return render(request, template, context)
