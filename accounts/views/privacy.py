"""Downloading one's data, and deleting one's account."""

from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import reauthentication
from accounts.forms.account import DeleteAccountForm
from accounts.requests import UserRequest
from accounts.services import deletion, guesses
from accounts.services.privacy import archive
from accounts.views.contexts.privacy import DeletePage
from setahub.core.web import ratelimit
from setahub.core.web.messages import done
from setahub.core.web.ratelimit import Window
from setahub.core.web.refusals import refusal_of, show_or_post
from setahub.core.web.streaming import file_response, offered_on
from setahub.core.web.too_many import say_when, too_many

HOUR = 3600  # seconds
DOWNLOADS_AN_HOUR = 10  # of one user: each reads all there is


def _page_of_data() -> str:
    return f"{reverse('accounts:me')}?data=ready#privacy"


@offered_on(_page_of_data)
@require_safe
def download(request: UserRequest) -> HttpResponseBase:
    """All that the site holds about the viewer, as a ZIP."""
    if not reauthentication.is_recent(request):
        return reauthentication.led_away(request, _page_of_data())
    downloads = Window(f"download {request.user.pk}", HOUR)
    if ratelimit.is_on() and downloads.add() > DOWNLOADS_AN_HOUR:
        return too_many(request, downloads.left())
    response = file_response(request, archive(request.user), "setahub-data.zip", "application/zip")
    response.headers["Cache-Control"] = "no-store"
    return response


@show_or_post
def delete(request: UserRequest) -> HttpResponseBase:
    """Confirm and delete one's account."""
    user = request.user
    is_recent = reauthentication.is_recent(request)
    if not user.has_usable_password():  # otherwise the page itself asks for it
        reauthentication.require(request)
    if request.method != "POST":
        return _confirm(request, DeleteAccountForm(user, is_recent))
    form = DeleteAccountForm(user, is_recent, request.POST)
    refusal = refusal_of(deletion.check_may_delete, user)
    if refusal:
        form.refuse(refusal)
    elif form.attempt(lambda: deletion.delete_account(user)):
        logout(request)
        return done(request, _("Your account is deleted. Thank you for your time here."), "home")
    say_when(request, form)
    too_often = form.has_error("password", guesses.TOO_MANY)
    return _confirm(request, form, 429 if too_often else form.status)


def _confirm(request: UserRequest, form: DeleteAccountForm, status: int = 200) -> HttpResponse:
    page = DeletePage.of(request.user, form)
    return render(request, "accounts/delete.html", vars(page), status=status)
