"""Sign-up and the address one signs in with: allauth's pages with our care."""

from typing import Any

from allauth.account.views import EmailView as BaseEmailView
from allauth.account.views import SignupView as BaseSignupView
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.forms import SignupForm


class SignupView(BaseSignupView):
    """allauth's, with an answer in words for who loses a race for a name, email or student ID."""

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
            form.add_error(None, _("Somebody was faster with one of these. Please try again."))
            return self.form_invalid(form)


class EmailView(BaseEmailView):
    """allauth's, for one address in use and at most one that is to take its place."""

    def _action_primary(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Not offered: an address comes into use by being confirmed, and in no other way."""
