"""Choosing what reaches one, and how; unsubscribing without signing in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.forms.notifications import NotificationsForm
from accounts.queries.push import devices_of
from accounts.requests import UserRequest
from accounts.services import profiles, push
from accounts.tokens import read_unsubscribe
from accounts.views.contexts.notifications import NotificationsPage
from setahub.core.web.messages import done
from setahub.core.web.paging import whole
from setahub.core.web.refusals import show_or_post


@show_or_post
def choose(request: UserRequest) -> HttpResponse:
    """A switch for each kind and way; the devices that are told, to be removed."""
    if "remove" in request.POST:
        pk = whole(request.POST["remove"], 0, low=0, high=10**9)
        if push.remove(request.user, pk):
            messages.success(request, _("Removed. Nothing is shown there any more."))
        return redirect("accounts:notifications")
    is_on = push.is_on()
    if request.method == "POST":
        form = NotificationsForm.of(request.user, request.POST, push=is_on)
        if form.is_valid():
            profiles.choose_mail(request.user.pk, form.wanted)
            profiles.choose_push(request.user.pk, form.wanted_by_push)
            return done(request, _("Saved."), "accounts:me")
    form = NotificationsForm.of(request.user, push=is_on)
    devices = devices_of(request.user.pk) if is_on else []
    page = NotificationsPage.of(form, devices, request.session.session_key or "")
    return render(request, "accounts/notifications.html", vars(page))


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
