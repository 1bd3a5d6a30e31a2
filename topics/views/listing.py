"""Finding a topic."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from setahub.core.web import addresses
from setahub.core.web.parts import wants_part
from topics.views.contexts.listing import TopicsPage


@require_safe
def topic_list(request: UserRequest) -> HttpResponse:
    """Topics with their TAs and free times counted. htmx gets the list alone.

    ``?q=`` searches these, and TAs by their names; ``?part=``, ``?place=`` and ``?from=`` leave
    those that have such times.
    """
    page, fragment = TopicsPage.of(request.GET), wants_part(request)
    template = "topics/_list.html" if fragment else "topics/list.html"
    response = render(request, template, vars(page) | {"fragment": fragment})
    if fragment and "HX-Boosted" not in request.headers:
        # However much is typed, it is one step to go back.
        searched = "q=" in addresses.split(request.headers.get("HX-Current-URL", "")).query
        name = "HX-Replace-Url" if searched else "HX-Push-Url"
        response.headers[name] = request.get_full_path()
    return response
