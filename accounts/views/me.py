"""One's own profile and settings."""

import math

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import reauthentication
from accounts.forms.account import AvatarForm, ProfileForm
from accounts.models import FirstSteps
from accounts.requests import UserRequest
from accounts.services import profiles
from accounts.views.contexts.me import MePage
from setahub.core.web.addresses import site_of
from setahub.core.web.forms import ChangedMeanwhile
from setahub.core.web.messages import done
from setahub.core.web.refusals import attempt, show_or_post
from setahub.core.web.too_many import say_when
from topics.queries.topics import is_ta


@require_safe
def me(request: UserRequest) -> HttpResponse:
    """One's own profile and settings."""
    for_data = request.GET.get("data") == "ready"
    seconds = reauthentication.seconds_left(request) if for_data else 0
    page = MePage.of(request.user, site=site_of(request), data_minutes=math.ceil(seconds / 60))
    return render(request, "accounts/me.html", vars(page))


@show_or_post
def edit(request: UserRequest) -> HttpResponse:
    """Name, student ID, year and bio; and of a TA, whether their own page is for everybody."""
    user = request.user
    if request.method != "POST":
        return _show_edit(request, ProfileForm.of(user))
    form = ProfileForm.of(user, request.POST)
    try:
        saved = form.attempt(lambda: profiles.update_profile(user, **form.asked))
    except ChangedMeanwhile as error:
        form.show_both(error)
        return _show_edit(request, form, status=409)
    if saved:
        return done(request, _("Saved."), "accounts:me")
    return _show_edit(request, form, status=form.status)


def _show_edit(request: UserRequest, form: ProfileForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "is_ta": is_ta(request.user)}
    return render(request, "accounts/edit.html", context, status=status)


@show_or_post
def avatar(request: UserRequest) -> HttpResponse:
    """A new picture, or none."""
    if request.method != "POST":
        return render(request, "accounts/avatar.html", {"form": AvatarForm()})
    if request.POST.get("remove"):
        profiles.set_avatar(request.user, None)
        return done(request, _("Your picture is removed."), "accounts:me")
    form = AvatarForm(request.POST, request.FILES, uploader=request.user.pk)
    status = form.status
    say_when(request, form)
    if form.is_valid():
        picture = form.cleaned_data["avatar"]
        _user, refusal = attempt(lambda: profiles.set_avatar(request.user, picture))
        if not refusal:
            return done(request, _("Your new picture is in place."), "accounts:me")
        form.add_error(refusal.field, refusal.message)
        status = refusal.status
    return render(request, "accounts/avatar.html", {"form": form}, status=status)


@require_POST
def renew_calendar(request: UserRequest) -> HttpResponse:
    """A new secret address for the calendar; what knows the old one sees nothing any more."""
    profiles.renew_calendar(request.user)
    return done(
        request, _("Your calendar has a new address. Add it to your programs again."), "accounts:me"
    )


@require_POST
def dismiss_first_steps(request: UserRequest) -> HttpResponse:
    """No more first steps on the start page: those of a TA, or of a student."""
    profiles.dismiss_first_steps(
        request.user, FirstSteps.TA if is_ta(request.user) else FirstSteps.STUDENT
    )
    return redirect("home")
