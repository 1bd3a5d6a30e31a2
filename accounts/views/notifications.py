"""Choosing what reaches one, and how; unsubscribing without signing in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.forms.account import NotificationsForm
from accounts.requests import UserRequest
from accounts.services import profiles
from accounts.tokens import read_unsubscribe
from setahub.core.web.refusals import show_or_post


@show_or_post
def choose(request: UserRequest) -> HttpResponse:
    """A switch for each kind."""
    if request.method == "POST":
        form = NotificationsForm.of(request.user, request.POST)
        if form.is_valid():
            profiles.choose_mail(request.user.pk, form.wanted)
            messages.success(request, _("Saved."))
            return redirect("accounts:me")
    form = NotificationsForm.of(request.user)
    return render(request, "accounts/notifications.html", {"form": form})


@show_or_post
def earlier_address(request: UserRequest) -> HttpResponse:
    """Where earlier emails lead."""
    if request.method == "POST":  # a form that was opened there
        return choose(request)
    return redirect("accounts:notifications")


@login_not_required
@csrf_exempt  # mail programs post here for their users; the token is the permission
@show_or_post
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first, since link checkers open what an email links; a post switches the kind off.

    ``again`` switches it on again. A mail program's one click is answered without a redirect, which
    RFC 8058 forbids.
    """
    subscription = read_unsubscribe(token)
    if subscription is None:
        raise Http404
    user, kind = subscription
    if request.method == "POST":
        profiles.choose_mail(user.pk, {kind: "again" in request.POST})
        if request.POST.get("List-Unsubscribe") != "One-Click":
            return HttpResponseRedirect(request.path)
        user.refresh_from_db()
    context = {"kind": kind.label, "wanted": user.wants_mail(kind)}
    return render(request, "accounts/unsubscribe.html", context)
