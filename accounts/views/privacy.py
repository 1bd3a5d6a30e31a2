"""One's own data: to take along, and to have erased."""

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.ratelimit import respond_429
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import deletion, guesses
from accounts.forms import DeleteAccountForm
from accounts.privacy import archive
from accounts.requests import UserRequest
from accounts.services import AccountError
from accounts.views.profile import show_or_post
from scheduling.services import upheaval
from setahub.lib import ratelimit
from setahub.lib.ratelimit import Window

HOUR = 3600
DOWNLOADS = 10  # an hour, of one user: each reads all there is


@require_safe
def download(request: UserRequest) -> HttpResponseBase:
    """All that the site holds about one, as a ZIP."""
    downloads = Window(f"download {request.user.pk}", HOUR)
    if ratelimit.is_on() and downloads.add() > DOWNLOADS:
        return respond_429(request)
    response = StreamingHttpResponse(archive(request.user), content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="setahub-data.zip"'
    response.headers["Cache-Control"] = "no-store"
    return response


@show_or_post
def delete(request: UserRequest) -> HttpResponseBase:
    """Confirm and delete one's account."""
    user = request.user
    if not user.has_usable_password() and not did_recently_reauthenticate(request):
        raise ReauthenticationRequired
    if request.method != "POST":
        return _confirm(request, DeleteAccountForm(user))
    form, status = DeleteAccountForm(user, request.POST), 422
    try:
        deletion.check_may_delete(user)
        if form.is_valid():
            deletion.delete_account(user)
            logout(request)
            messages.success(request, _("Your account is deleted. Thank you for having been here."))
            return redirect("home")
    except AccountError as error:
        form.add_error(None, error.message)
        status = error.status
    if form.has_error("password", guesses.TOO_MANY):
        status = 429
    return _confirm(request, form, status)


def _confirm(request: UserRequest, form: DeleteAccountForm, status: int = 200) -> HttpResponse:
    shown = {"form": form, **upheaval.ahead_of(request.user)}
    return render(request, "accounts/delete.html", shown, status=status)
