"""Profiles, one's own settings, blocks."""

import math
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import reauthentication
from accounts.forms import AvatarForm, EmailsForm, ProfileForm
from accounts.models import Block, User
from accounts.requests import UserRequest
from accounts.services import blocks, mfa, profiles, sign_ins
from accounts.views import calendar
from chat.queries import reach
from scheduling.queries.free import free_from, sessions_given
from scheduling.views.contexts.slots import times
from setahub.core import clock
from setahub.core.web.addresses import own_path
from setahub.core.web.forms import ChangedMeanwhile
from setahub.core.web.refusals import Refusal, attempt, show_or_post
from setahub.core.web.too_many import say_when
from topics.models import Registration

SLOTS_SHOWN = 8


@require_safe
def me(request: UserRequest) -> HttpResponse:
    """One's own profile and settings."""
    shown = {
        "registrations": Registration.objects.of_user(request.user.pk),
        "verified": EmailAddress.objects.is_verified(request.user.email),
        "calendar": calendar.addresses(request),
        "emails": EmailsForm.of(request.user),
        "factors": mfa.factors_of(request.user),
        "devices": len(sign_ins.of(request.user)),
        "data_minutes": _minutes_for_data(request),
    }
    return render(request, "accounts/me.html", shown)


def _minutes_for_data(request: UserRequest) -> int:
    """For how long the link to one's data gives them at once, for who was led here because of it."""
    asked = request.GET.get("data") == "ready"
    return math.ceil(reauthentication.seconds_left(request) / 60) if asked else 0


@show_or_post
def edit(request: UserRequest) -> HttpResponse:
    """Name, student ID, year and bio."""
    user = request.user
    if request.method != "POST":
        return render(request, "accounts/edit.html", {"form": ProfileForm.of(user)})
    form = ProfileForm.of(user, request.POST)
    try:
        saved = form.attempt(lambda: profiles.update_profile(user, **form.asked))
    except ChangedMeanwhile as error:
        form.show_both(error)
        return render(request, "accounts/edit.html", {"form": form}, status=409)
    if saved:
        messages.success(request, _("Saved."))
        return redirect("accounts:me")
    return render(request, "accounts/edit.html", {"form": form}, status=form.status)


@show_or_post
def avatar(request: UserRequest) -> HttpResponse:
    """A new picture, or none."""
    if request.method != "POST":
        return render(request, "accounts/avatar.html", {"form": AvatarForm()})
    if request.POST.get("remove"):
        profiles.set_avatar(request.user, None)
        messages.success(request, _("Your picture is removed."))
        return redirect("accounts:me")
    form = AvatarForm(request.POST, request.FILES, uploader=request.user.pk)
    status = form.status
    say_when(request, form)
    if form.is_valid():
        picture = form.cleaned_data["avatar"]
        _user, refusal = attempt(lambda: profiles.set_avatar(request.user, picture))
        if not refusal:
            messages.success(request, _("Your new picture is in place."))
            return redirect("accounts:me")
        form.add_error(refusal.field, refusal.message)
        status = refusal.status
    return render(request, "accounts/avatar.html", {"form": form}, status=status)


@require_safe
def profile(request: UserRequest, pk: int) -> HttpResponse:
    """What others see of somebody."""
    person = get_object_or_404(User.objects.seen_by(request.user), pk=pk)
    return _profile(request, person)


def _profile(request: UserRequest, person: User, refusal: Refusal | None = None) -> HttpResponse:
    closed = person.pk in Block.objects.others_of(request.user.pk)
    slots = [] if closed else free_from(clock.today(), ta=person.pk, limit=SLOTS_SHOWN + 1)
    shown: dict[str, Any] = {
        "closed": closed,
        **times(request.user, slots[:SLOTS_SHOWN]),
        "person": person,
        "own": person.pk == request.user.pk,
        "may_message": reach.may_message(request.user, person),
        "registrations": Registration.objects.of_user(person.pk).seen_by(request.user),
        "more": len(slots) > SLOTS_SHOWN,
        "given": sessions_given([person.pk]).get(person.pk, 0),
        "blocked": Block.objects.made(request.user.pk, person.pk).exists(),
        "error": refusal,
    }
    return render(
        request, "accounts/profile.html", shown, status=refusal.status if refusal else 200
    )


@require_POST
def block(request: UserRequest, pk: int) -> HttpResponse:
    """No further messages or bookings with somebody."""
    done = _("Blocked: no messages and no new bookings between you two.")
    return _between(request, pk, blocks.block, done)


@require_POST
def unblock(request: UserRequest, pk: int) -> HttpResponse:
    """Take one's block back."""
    return _between(request, pk, blocks.unblock, _("Not blocked any more."))


def _between(
    request: UserRequest, pk: int, write: Callable[[User, User], None], done: str
) -> HttpResponse:
    """Back to the page that ``next`` names (a conversation's menu does), else to the profile."""
    person = get_object_or_404(User.objects.seen_by(request.user), pk=pk)
    _none, refusal = attempt(lambda: write(request.user, person))
    if refusal:
        return _profile(request, person, refusal)
    messages.success(request, done)
    back = own_path(request, request.POST.get("next"))
    return HttpResponseRedirect(back or person.get_absolute_url())
