"""Choosing which emails one gets, and unsubscribing without signing in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.forms.account import EmailsForm
from accounts.requests import UserRequest
from accounts.services import profiles
from accounts.tokens import read_unsubscribe
from setahub.core.web.refusals import show_or_post


@show_or_post
def emails(request: UserRequest) -> HttpResponse:
    """A switch for each kind."""
    if request.method == "POST":
        form = EmailsForm.of(request.user, request.POST)
        if form.is_valid():
            profiles.choose_mail(request.user.pk, form.wanted)
            messages.success(request, _("Saved."))
            return redirect("accounts:me")
    return render(request, "accounts/emails.html", {"form": EmailsForm.of(request.user)})


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
