"""A topic as a favourite."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from accounts import stars
from accounts.requests import UserRequest
from setahub.core.web.refusals import attempt
from topics.services import stars as services
from topics.views.detail import show, topic_or_404


@require_POST
def star(request: UserRequest, slug: str) -> HttpResponse:
    """Make the topic a favourite, or no longer."""
    topic = topic_or_404(slug)
    starred, refusal = attempt(lambda: services.star(request.user, topic, stars.wanted(request)))
    if refusal is not None:
        return show(request, topic, refusal)
    return stars.answer(request, bool(starred), topic.name, topic.get_absolute_url())
