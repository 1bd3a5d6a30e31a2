"""A TA's own page, which needs no sign-in where its TA allows that."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.views.contexts.own_page import OwnPage, poster
from setahub.core.web.addresses import site_of


@login_not_required
@require_safe
def own_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, picture, topics and next free times; ``?qr``: a poster that leads here.

    Not there, whoever asks, unless its TA has switched it on and teaches something.
    """
    ta = get_object_or_404(User.objects.with_own_page(), pk=pk)
    page = OwnPage.of(ta, request.user if request.user.is_authenticated else None)
    if page is None:
        raise Http404
    if "qr" in request.GET:
        response = render(request, "accounts/poster.html", poster(page, site_of(request)))
    else:
        context = vars(page) | {"redirect_field_value": request.path}  # whoever signs in comes back
        response = render(request, "accounts/own_page.html", context)
    response.headers["X-Robots-Tag"] = "noindex"  # shared by its TA, not found by a name
    return response
