"""allauth's pages for accounts, where ours differ, and undoing the change of an email."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import EmailView as BaseEmailView
from allauth.account.views import PasswordSetView as BasePasswordSetView
from allauth.account.views import ReauthenticateView as BaseReauthenticateView
from allauth.account.views import SignupView as BaseSignupView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import reauthentication, tasks
from accounts.forms.account import SignupForm
from accounts.models import User
from accounts.models.mail import EmailChange
from accounts.once import has_signed_up
from accounts.queries.emails import change_of_email
from accounts.services import email_changes
from accounts.tokens import read_email_change
from setahub.core.keys import fold
from setahub.core.text import trimmed
from setahub.core.web.addresses import own_path
from setahub.core.web.refusals import attempt, show_or_post

TAKEN_CODES = {"taken", "email_taken"}


class SignupView(BaseSignupView):
    """allauth's, which tells the loser of a race what is taken: name, email or student ID.

    A form that made an account already, sent again without its session, leads to signing in.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if has_signed_up(request):
            return self._sign_in_instead()
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            return super().form_valid(form)
        except IntegrityError:
            form.full_clean()  # the winner is stored now, so this says what is taken
        if not form.is_valid():
            return self.form_invalid(form)
        try:
            return super().form_valid(form)
        except IntegrityError:
            form.add_error(None, _("Somebody else has just taken one of these. Please try again."))
            return self.form_invalid(form)

    def form_invalid(self, form: SignupForm) -> HttpResponse:
        if form.errors.keys() == {"student_id"}:
            # Fields are looked up one after the other: an equal form may have been stored between
            # the name and the student ID, and is seen whole now.
            form.full_clean()
        if not _made_an_account(self.request, form):
            return super().form_invalid(form)
        return self._sign_in_instead()

    def _sign_in_instead(self) -> HttpResponse:
        messages.info(self.request, _("Your account exists already: please sign in."))
        return redirect(self.passthrough_next_url(reverse("account_login")))


def _made_an_account(request: HttpRequest, form: SignupForm) -> bool:
    """Whether name, email and password are those of one account.

    A guess at its password like any other. It is looked at whether or not the name is of the same
    account, so that its time doesn't tell whose address it is.
    """
    errors = form.errors.as_data()
    codes = {error.code for of_field in errors.values() for error in of_field}
    if not codes or not codes <= TAKEN_CODES or errors.keys() == {"student_id"}:
        return False
    email, password = (str(form.data.get(name, "")) for name in ("email", "password1"))
    try:
        user = get_adapter().authenticate(request, email=trimmed(email), password=password)
    except ValidationError:
        return False  # too many guesses
    name = fold(str(form.data.get("username", "")))
    return isinstance(user, User) and user.is_active and fold(user.username) == name


class ReauthenticateView(BaseReauthenticateView):
    """allauth's, with pages for those who have neither password nor passkey here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        way = reauthentication.first_way(request) if request.user.is_authenticated else ""
        if way == reauthentication.NO_WAY:
            return render(request, "account/reauthenticate_nothing.html", status=403)
        if way == reauthentication.FACULTY:
            context = {"next": own_path(request, request.GET.get("next"))}
            return render(request, "account/reauthenticate_faculty.html", context)
        return super().dispatch(request, *args, **kwargs)


class PasswordSetView(BasePasswordSetView):
    """allauth's would let whoever finds an open session choose a password.

    With it they could then show that they are the account's owner.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            reauthentication.require(request)
        return super().dispatch(request, *args, **kwargs)


class EmailView(BaseEmailView):
    """allauth's, for one address in use and at most one that is to take its place."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "action_primary" in request.POST:  # an address comes into use by being confirmed alone
            return redirect(self.get_success_url())
        return super().post(request, *args, **kwargs)


@login_not_required
@never_cache
@show_or_post
def undo_email_change(request: HttpRequest, token: str) -> HttpResponse:
    """Where the email to the old address leads: stop the change, or take it back.

    Then on to a new password, since whoever asked for it may know the old one.
    """
    pk = read_email_change(token)
    change = change_of_email(pk) if pk else None
    if change is None:
        return _undo(request, None, status=404)
    if request.method != "POST":
        open_change = change if email_changes.can_be_undone(change) else None
        return _undo(request, open_change, status=200 if open_change else 410)
    factors, refusal = attempt(lambda: email_changes.undo(change))
    if refusal:
        return _undo(request, None, refusal.message, status=refusal.status)
    if request.user == change.user:
        logout(request)  # its session has just ended
    text = _("Your email stays %(email)s, and all devices are signed out.")
    if settings.PASSWORD_LOGIN:
        text = _(
            "Your email stays %(email)s, and all devices are signed out. Choose a new password."
        )
    messages.success(request, text % {"email": change.old_email})
    if factors:
        messages.info(request, _("What was added to the second step since then is removed."))
    return redirect(tasks.reset_path(change.user) if settings.PASSWORD_LOGIN else "account_login")


def _undo(
    request: HttpRequest, change: EmailChange | None, why: str = "", *, status: int
) -> HttpResponse:
    context = {"change": change, "why": why}
    return render(request, "account/email_undo.html", context, status=status)
