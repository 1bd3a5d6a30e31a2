"""Every free time of one TA."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import Block, User
from accounts.requests import UserRequest
from scheduling.queries.free import free_from
from scheduling.views.contexts.slots import start_day, times, week_strip
from topics.models import Topic
from topics.queries.topics import taught_by


@require_safe
def timeslots(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots by day from ``?from=`` to the horizon, of all topics or of ``?topic=``."""
    ta = get_object_or_404(User.objects.active(), pk=pk)
    handle = request.GET.get("topic", "").strip()
    topic = Topic.objects.find(handle) if handle else None
    if handle and topic is None:
        raise Http404
    which = {"topic": topic.pk if topic else None, "ta": ta.pk}
    day = start_day(request.GET.get("from"))
    closed = ta.pk in Block.objects.others_of(request.user.pk)
    slots = [] if closed else free_from(day, **which)
    shown = {
        "closed": closed,
        **times(request.user, slots),
        "ta": ta,
        "topic": topic,
        "topics": taught_by(ta),
        "strip": week_strip(day, **which),
        "from_today": day == start_day(None),
        "own": ta.pk == request.user.pk,
    }
    return render(request, "scheduling/timeslots.html", shown)
