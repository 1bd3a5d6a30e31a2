"""The second step of signing in: allauth's pages, where ours differ."""

from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.base.views import IndexView as BaseIndexView
from allauth.mfa.base.views import ReauthenticateView as BaseReauthenticateView
from allauth.mfa.recovery_codes.views import download_recovery_codes
from allauth.mfa.totp.views import ActivateTOTPView as BaseActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView as BaseAddWebAuthnView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView as BaseReauthenticateKeyView
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse

from accounts import reauthentication
from accounts.queries.factors import may_add_factor
from accounts.requests import UserRequest
from accounts.services import codes
from setahub.core.web.streaming import offered_on


class IndexView(BaseIndexView):
    """What is set up, and what is missing before anything can be."""

    request: UserRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_add = may_add_factor(self.request.user)
        return super().get_context_data(may_add=may_add, **kwargs)


class NeedsProvenEmail:
    """Sends those who may not set anything up yet to the page that says why."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not may_add_factor(request.user):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class ActivateTOTPView(NeedsProvenEmail, BaseActivateTOTPView):
    """allauth's; setting an app up spends the code."""

    request: UserRequest

    def form_valid(self, form: Form) -> HttpResponse:
        activate = super().form_valid
        return codes.set_up_with(
            self.request.user, form.cleaned_data["code"], lambda: activate(form)
        )


class AddPasskeyView(NeedsProvenEmail, BaseAddWebAuthnView):
    """allauth's."""


class SecondStepOnly:
    """On the way to the admin a password is no second step, so it isn't offered."""

    request: HttpRequest

    def get_reauthentication_alternatives(self) -> list[dict[str, Any]]:
        methods = super().get_reauthentication_alternatives()  # type: ignore[misc]
        to_admin = self.request.GET.get("next", "").startswith(reverse("admin:index"))
        return [each for each in methods if not (to_admin and each["id"] == "reauthenticate")]


class ReauthenticateView(SecondStepOnly, BaseReauthenticateView):
    """allauth's."""


class ReauthenticateKeyView(SecondStepOnly, BaseReauthenticateKeyView):
    """allauth's, but a wrong key may be tried again on the same page."""

    def form_invalid(self, form: Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **kwargs}


def download_codes(request: UserRequest) -> HttpResponseBase:
    """allauth's; whoever must first show that it is them is led back to the page with the link."""
    try:
        return download_recovery_codes(request)
    except ReauthenticationRequired:
        return reauthentication.led_away(request, reverse("mfa_view_recovery_codes"))


urls = [
    path("", IndexView.as_view(), name="mfa_index"),
    path("reauthenticate/", ReauthenticateView.as_view(), name="mfa_reauthenticate"),
    path(
        "recovery-codes/download/",
        offered_on(lambda: reverse("mfa_view_recovery_codes"))(download_codes),
        name="mfa_download_recovery_codes",
    ),
    path("totp/activate/", ActivateTOTPView.as_view(), name="mfa_activate_totp"),
    path("webauthn/add/", AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path(
        "webauthn/reauthenticate/",
        ReauthenticateKeyView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
]
