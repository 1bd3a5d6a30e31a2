"""What a TA asks to be spared."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.requests import UserRequest
from scheduling.forms.care import TeachingForm
from scheduling.queries.care import booked_this_week, limits_of
from scheduling.services import care
from scheduling.views.contexts.appointments import BecomeTA
from setahub.core.web.messages import done
from setahub.core.web.refusals import show_or_post
from topics.queries.topics import is_ta


@show_or_post
def teaching(request: UserRequest) -> HttpResponse:
    """A TA's own limits. Sent twice they are the same."""
    ta = request.user
    if not is_ta(ta):
        return render(request, "shared/error.html", vars(BecomeTA.of(ta)), status=403)
    limits = limits_of(ta)
    form = TeachingForm.of(limits)
    if request.method == "POST":
        form = TeachingForm(request.POST)
        if form.attempt(lambda: care.set_limits(ta, **form.cleaned_data)):
            return done(request, _("Saved."), "scheduling:teaching")
    context = {"form": form, "limits": limits, "booked": booked_this_week(ta)}
    return render(request, "scheduling/teaching.html", context, status=form.status)
