"""The language of the site, chosen by whoever is there."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.services import languages
from setahub.core.web.addresses import own_path


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keeps the language with the user, or with a visitor's browser, and goes back.

    To ``next``, otherwise to the page that the form stood on.
    """
    code = request.POST.get("language", "")
    asked = request.POST.get("next") or request.headers.get("Referer")
    back = own_path(request, asked) or resolve_url("home")
    if code not in dict(settings.LANGUAGES):
        return _unknown(request, back)
    if request.user.is_authenticated:
        languages.choose(request.user, code)
    else:
        request.session[languages.CHOSEN] = code
    response = HttpResponseRedirect(back)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return response


def _unknown(request: HttpRequest, back: str) -> HttpResponse:
    context = {
        "heading": _("The site doesn't speak this language"),
        "text": ", ".join(name for _code, name in settings.LANGUAGES),
        "url": back,
        "action": _("Go back"),
    }
    return render(request, "shared/error.html", context, status=422)
