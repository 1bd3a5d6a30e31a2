"""Finding a topic."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from setahub.core.text import trimmed
from setahub.core.web import addresses
from setahub.core.web.paging import PER_PAGE, paginate, whole
from topics.queries.topics import listed
from topics.views.contexts.listing import TopicList

PER_PAGE_MAX = 60


@require_safe
def topic_list(request: UserRequest) -> HttpResponse:
    """Topics with their TAs and free times counted; ``?q=`` searches. htmx gets the list alone."""
    query = trimmed(request.GET.get("q", "").replace("\0", ""))
    limit = whole(request.GET.get("limit"), PER_PAGE, low=1, high=PER_PAGE_MAX)
    page = paginate(listed(query), request.GET.get("page"), limit)
    fragment = _is_for_htmx(request)
    context = TopicList.of(query, limit if limit != PER_PAGE else None, page, fragment=fragment)
    if not fragment:
        return render(request, "topics/list.html", vars(context))
    response = render(request, "topics/_list.html", vars(context))
    # However much is typed, it is one step to go back.
    searched = "q=" in addresses.split(request.headers.get("HX-Current-URL", "")).query
    response.headers["HX-Replace-Url" if searched else "HX-Push-Url"] = request.get_full_path()
    return response


def _is_for_htmx(request: UserRequest) -> bool:
    """Whether a fragment is wanted; going back in the history restores a whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
