"""Calendars of one's own that say when one is busy."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.requests import UserRequest
from scheduling.forms.busy import CalendarForm
from scheduling.services import busy
from scheduling.views.contexts.busy import named_by
from setahub.core.web.messages import done
from setahub.core.web.paging import whole
from setahub.core.web.refusals import show_or_post


@show_or_post
def calendars(request: UserRequest) -> HttpResponse:
    """Name one, or take one off. Sent twice they are the same."""
    if "remove" in request.POST:
        busy.remove(request.user, whole(request.POST["remove"], 0, low=0, high=10**9))
        return done(request, _("Removed. What it said is forgotten."), "scheduling:busy_calendars")
    form = CalendarForm(request.POST if request.method == "POST" else None)
    added = None
    if request.method == "POST":
        added = form.attempt(
            lambda: busy.add(request.user, form.cleaned_data["name"], form.cleaned_data["url"])
        )
    if added is not None:
        return done(
            request,
            _("Added. It is read within a minute, and every half hour from then on."),
            "scheduling:busy_calendars",
        )
    context = {"form": form, "calendars": named_by(request.user), "most": busy.CALENDARS_MAX}
    return render(request, "scheduling/calendars.html", context, status=form.status)
