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
from accounts.requests import UserRequest
from accounts.services import codes, mfa
from setahub.core.web.streaming import offered_on


class IndexView(BaseIndexView):
    """What is set up; says what is missing before anything can be."""

    request: UserRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_add = mfa.may_add_factor(self.request.user)
        return super().get_context_data(may_add=may_add, **kwargs)


class NeedsProvenEmail:
    """Sends those who may not set anything up yet to the page that says why."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not mfa.may_add_factor(request.user):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class ActivateTOTPView(NeedsProvenEmail, BaseActivateTOTPView):
    """allauth's, and the code that it is set up with is spent by that."""

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
        ways = super().get_reauthentication_alternatives()  # type: ignore[misc]
        to_admin = self.request.GET.get("next", "").startswith(reverse("admin:index"))
        return [way for way in ways if not (to_admin and way["id"] == "reauthenticate")]


class ReauthenticateView(SecondStepOnly, BaseReauthenticateView):
    """allauth's."""


class ReauthenticateKeyView(SecondStepOnly, BaseReauthenticateKeyView):
    """allauth's, except that a key that isn't right may be tried again on the same page."""

    def form_invalid(self, form: Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **kwargs}


def download_codes(request: UserRequest) -> HttpResponseBase:
    """allauth's, but who has to show that it is them is led to the page that has its link."""
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
