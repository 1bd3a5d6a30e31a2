"""Every free time of one TA."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import UserRequest
from scheduling.queries.obstacles import is_blocked
from scheduling.views.contexts.slots import start_day, times_of_ta
from topics.queries.topics import find, taught_by


@require_safe
def timeslots(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots by day from ``?from=`` to the horizon, of all topics or of ``?topic=``."""
    ta = get_object_or_404(User.objects.active(), pk=pk)
    handle = request.GET.get("topic", "").strip()
    topic = find(handle) if handle else None
    if handle and topic is None:
        raise Http404
    day = start_day(request.GET.get("from"))
    closed = is_blocked(request.user, ta.pk)
    which = {"topic": topic.pk if topic else None, "ta": ta.pk}
    context = {
        "closed": closed,
        **({} if closed else vars(times_of_ta(request.user, day, **which))),
        "ta": ta,
        "topic": topic,
        "topics": taught_by(ta),
        "from_today": day == start_day(None),
        "own": ta.pk == request.user.pk,
    }
    return render(request, "scheduling/timeslots.html", context)
