"""Finding a topic."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from scheduling.queries.free import Counts, counts
from setahub.core.text import trimmed
from setahub.core.web import addresses
from setahub.core.web.paging import PER_PAGE, paginate, whole
from setahub.core.web.parts import wants_part
from topics.queries.registrations import tas_named
from topics.queries.topics import listed

PER_PAGE_MAX = 60
PEOPLE = 6


@require_safe
def topic_list(request: UserRequest) -> HttpResponse:
    """Topics with their TAs and free times counted. htmx gets the list alone.

    ``?q=`` searches these, and TAs by their names.
    """
    query = trimmed(request.GET.get("q", "").replace("\0", ""))
    limit = whole(request.GET.get("limit"), PER_PAGE, low=1, high=PER_PAGE_MAX)
    page = paginate(listed(query), request.GET.get("page"), limit)
    fragment = wants_part(request)
    counted = counts()
    context = {
        "q": query,
        "limit": limit if limit != PER_PAGE else None,
        "page": page,
        "people": tas_named(query, PEOPLE) if query and not page.has_previous else [],
        "tiles": [(topic, counted.get(topic.pk, Counts())) for topic in page.items],
        "fragment": fragment,
    }
    if not fragment:
        return render(request, "topics/list.html", context)
    response = render(request, "topics/_list.html", context)
    # However much is typed, it is one step to go back.
    searched = "q=" in addresses.split(request.headers.get("HX-Current-URL", "")).query
    response.headers["HX-Replace-Url" if searched else "HX-Push-Url"] = request.get_full_path()
    return response
