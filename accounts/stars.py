"""The star on a page: what its form asks for, and how it is answered."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from setahub.core.web.addresses import own_path
from setahub.core.web.parts import wants_part

FIELD = "starred"


def wanted(request: HttpRequest) -> bool | None:
    """What the form says that it is for; None where it doesn't, which is the other of the two.

    So the same form sent twice stays what the first made of it.
    """
    return {"1": True, "0": False}.get(request.POST.get(FIELD, ""))


def answer(request: HttpRequest, starred: bool, name: str, page: str) -> HttpResponse:
    """The star as it is now for htmx; else back to where it stood: ``next``, or the page of it."""
    back = request.POST.get("next", "")
    if wants_part(request):
        shown = {"starred": starred, "name": name, "url": request.path, "back": back}
        return render(request, "shared/_star.html", shown)
    if starred:
        messages.success(request, _("A favourite now: it comes first on your start page."))
    else:
        messages.success(request, _("No longer a favourite."))
    return HttpResponseRedirect(own_path(request, back) or page)
