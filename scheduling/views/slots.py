"""Every free time of one TA."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import UserRequest
from scheduling import pages
from topics.models import Topic


@require_safe
def timeslots(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots by day from ``?from=`` to the horizon, of all topics or of ``?topic=``."""
    ta = get_object_or_404(User.objects.active(), pk=pk)
    handle = request.GET.get("topic", "").strip()
    topic = Topic.objects.find(handle) if handle else None
    if handle and topic is None:
        raise Http404
    which = {"topic": topic.pk if topic else None, "ta": ta.pk}
    day = pages.start_day(request.GET.get("from"))
    closed = ta.pk in pages.blocked_with(request.user)
    slots = [] if closed else pages.free_from(day, **which)
    shown = {
        "closed": closed,
        "limits": pages.mark_clashes(request.user, slots),
        "ta": ta,
        "topic": topic,
        "topics": pages.taught_by(ta),
        "days": pages.by_day(slots),
        "strip": pages.week_strip(day, **which),
        "from_today": day == pages.start_day(None),
        "own": ta.pk == request.user.pk,
    }
    return render(request, "scheduling/timeslots.html", shown)
