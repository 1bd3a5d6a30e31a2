"""Signing in with the faculty: the way there, and a name for whoever comes for the first time."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import perform_login
from allauth.account.views import LoginView
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
    OAuth2View,
)
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from requests import RequestException

from accounts.adapters import faculty as adapter
from accounts.adapters.openid import OpenID, sign_in_origin
from accounts.forms.account import AdministratorLoginForm, FacultyNameForm
from accounts.services import faculty
from accounts.services.faculty import PROVIDER
from setahub.core.web.addresses import own_path
from setahub.core.web.refusals import show_or_post

View = Callable[..., HttpResponseBase]


def leads_to_faculty(view: View) -> View:
    """A page whose form may lead to the faculty's sign-in: its policy says so to the browser."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.OIDC_ISSUER:
            return view(request, *args, **kwargs)
        answer = csp_update({"form-action": [sign_in_origin()]})(view)
        return answer(request, *args, **kwargs)

    return page


@login_not_required
@show_or_post
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """To the provider; who merely opens the address sees the button first."""
    if request.method != "POST" and settings.OIDC_ISSUER:
        next_url = own_path(request, request.GET.get("next"))
        query = f"?{urlencode({'next': next_url})}" if next_url else ""
        return redirect(reverse("account_login") + query)
    return _by_allauth(OAuth2LoginView, request)


@login_not_required
@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Where the provider leads back to."""
    return _by_allauth(OAuth2CallbackView, request)


def _by_allauth(view: type[OAuth2View], request: HttpRequest) -> HttpResponseBase:
    if not settings.OIDC_ISSUER:
        raise Http404
    openid = OpenID(request, PROVIDER)
    try:
        return cast(HttpResponseBase, view.adapter_view(openid)(request))
    except (
        RequestException,
        OAuth2Error,
    ) as error:  # asked where to go, before what allauth expects
        provider = openid.get_provider()
        asked = provider.get_redirect_from_request_kwargs(request)
        state = {"next": asked["next_url"], "process": asked["process"]}
        failed = render_authentication_error(
            request, provider, exception=error, extra_context={"state": state}
        )
        return cast(HttpResponse, failed)


@login_not_required
@never_cache
@show_or_post
def choose_name(request: HttpRequest) -> HttpResponseBase:
    """What somebody new is called here; nothing else is asked."""
    claims = adapter.who_waits(request)
    if claims is None:
        if request.user.is_authenticated:
            return redirect("home")
        messages.info(request, _("Please sign in with the faculty once more."))
        return redirect("account_login")
    sent = request.POST if request.method == "POST" else None
    form = FacultyNameForm(sent, suggested=claims.name)
    if request.method == "POST":
        user = form.attempt(lambda: faculty.sign_up(claims, form.cleaned_data["username"]))
        if user is not None:
            next_url = adapter.next_of(request)
            adapter.forget_who_waits(request)
            adapter.note_sign_in(request, user)
            return cast(HttpResponse, perform_login(request, user, redirect_url=next_url))
    context = {"form": form, "email": claims.email}
    return render(request, "account/faculty_name.html", context, status=form.status)


class AdministratorLoginView(LoginView):
    """A password and a second step, for superusers alone; where everybody else has the button."""

    template_name = "account/login.html"
    extra_context = {"administrators": True}

    def get_form_class(self) -> type[AdministratorLoginForm]:
        return AdministratorLoginForm

    def get_success_url(self) -> str:
        return self.get_next_url() or reverse("admin:index")


def admin_login(django_login: View) -> View:
    """One login page for everybody, unless passwords are for administrators alone."""
    led_to_login = secure_admin_login(django_login)

    @wraps(django_login)
    @login_not_required
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.PASSWORD_LOGIN:
            return cast(HttpResponseBase, led_to_login(request, *args, **kwargs))
        if request.user.is_authenticated and not request.user.is_staff:
            raise PermissionDenied
        return AdministratorLoginView.as_view()(request)

    return page
