"""A topic: who teaches it, and when."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from scheduling.services import demand
from setahub.core.web.parts import wants_part
from setahub.core.web.refusals import Refusal
from topics.models import Topic
from topics.queries.topics import seen_by, with_slug
from topics.views.contexts.detail import TopicPage


@require_safe
def detail(request: UserRequest, slug: str) -> HttpResponse:
    """A topic, its TAs, and the soonest free times of any of them from ``?from=`` on.

    ``?part=``, ``?place=`` and ``?ta=`` narrow these. htmx gets them alone.
    """
    topic = _or_404(seen_by(request.user, slug))
    if topic.merged_into is not None:
        return redirect(topic.merged_into, permanent=True)
    return _show(request, topic)


def show(request: UserRequest, topic: Topic, refusal: Refusal | None) -> HttpResponse:
    """The page of a topic, with what was refused."""
    return _show(request, _or_404(seen_by(request.user, topic.slug)), refusal)


def topic_or_404(slug: str) -> Topic:
    return _or_404(with_slug(slug))


def _show(request: UserRequest, topic: Topic, refusal: Refusal | None = None) -> HttpResponse:
    page = TopicPage.of(request.user, topic, refusal, asked=request.GET)
    if page.misses_time:
        demand.note_nothing_free(request.user, topic)
    if wants_part(request) and not refusal:
        return render(request, "topics/_times.html", vars(page) | {"fragment": True})
    status = refusal.status if refusal else 200
    return render(request, "topics/detail.html", vars(page), status=status)


def _or_404(topic: Topic | None) -> Topic:
    if topic is None:
        raise Http404
    return topic
