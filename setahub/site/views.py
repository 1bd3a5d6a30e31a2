"""Pages of no one app: start, sign-in door, public media, error pages."""

import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.services import privacy
from scheduling.queries.free import most_taught
from setahub.core.images import picture_response
from setahub.core.outage import trouble
from setahub.core.server.logs import request_id
from setahub.site import help
from setahub.site.home import Dashboard

# Only what the upload code stores publicly; a conversation's pictures never lie here.
PUBLIC_FOLDERS = ("avatars/", "topics/")
LANDING_TOPICS = 6


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The landing page for visitors, the dashboard for users."""
    if request.user.is_authenticated:
        return render(request, "dashboard.html", vars(Dashboard.of(request.user)))
    return render(request, "landing.html", {"topics": most_taught(LANDING_TOPICS)})


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """The rules, in the faculty's current numbers."""
    context = {"sections": help.sections(), "contact": settings.CONTACT_EMAIL}
    return render(request, "help.html", context)


@login_not_required
@require_safe
def privacy_page(request: HttpRequest) -> HttpResponse:
    """What the site keeps of people, what for, until when, and whom to ask."""
    context = {"told": privacy.told(), "contact": settings.CONTACT_EMAIL}
    return render(request, "privacy.html", context)


@login_not_required
@require_safe
def auth(request: HttpRequest) -> HttpResponse:
    """The login page, or one's own profile."""
    return redirect("accounts:me" if request.user.is_authenticated else settings.LOGIN_URL)


@login_not_required
@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """A public picture, where no proxy serves ``/media/``. Names are random and never reused."""
    if not name.startswith(PUBLIC_FOLDERS) or ".." in name or "\0" in name:
        raise Http404
    try:
        with default_storage.open(name) as picture:
            return picture_response(request, picture, cache="public, max-age=31536000, immutable")
    except (OSError, ValueError) as error:
        raise Http404 from error


def _error(
    request: HttpRequest, status: int, heading: str, text: str, glyph: str = ""
) -> HttpResponse:
    context = {"heading": heading, "text": text, "glyph": glyph}
    return render(request, "shared/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = _("Something in the address or the form is not what this page expects.")
    return _error(request, 400, _("That request made no sense"), text, "circle-alert")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = str(exception or "") or _("Your role doesn't allow this.")
    return _error(request, 403, _("This isn't open to you"), text, "lock")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = _("The page doesn't exist, or it isn't yours to see.")
    return _error(request, 404, _("Nothing here"), text)


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405: most often a session that ended before a button was pressed, and a login that came back
    to the button's address."""
    text = _("Go back to the page with the button and press it again. Nothing was changed.")
    return _error(request, 405, _("That was not sent"), text, "circle-alert")


def too_large(request: HttpRequest) -> HttpResponse:
    """413, before anything of the request was read: not even whose it is."""
    heading, text = _("That is too large"), _("A picture has at most 5 MB. Choose a smaller one.")
    if not request.accepts("text/html"):
        error = {"type": "error", "code": "too_long", "detail": f"{heading}. {text}"}
        return JsonResponse(error, status=413)
    shown = {"heading": heading, "text": text, "request_id": request_id.get()}
    page = render_to_string("500.html", shown)
    return HttpResponse(page, status=413, headers={"Cache-Control": "no-store"})


TROUBLES = {
    "away": (
        gettext_lazy("We can't reach our database"),
        gettext_lazy("Nothing of yours is lost. Please try again in a moment."),
    ),
    "busy": (
        gettext_lazy("That took too long"),
        gettext_lazy("Our database is very busy. Please try again in a moment."),
    ),
    "full": (
        gettext_lazy("Nothing can be saved right now"),
        gettext_lazy(
            "Our disk is full or can't be written to. Nothing was changed. Please try later."
        ),
    ),
    "unfinished": (
        gettext_lazy("This site isn't set up yet"),
        gettext_lazy("Its styles and scripts are missing. Please try again later."),
    ),
    None: (
        gettext_lazy("That's our mistake"),
        gettext_lazy(
            "Something broke on our side and has been noted. Please try again in a moment."
        ),
    ),
}


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 in an outage. Needs neither the session nor the user. A program gets JSON."""
    why = trouble(sys.exc_info()[1])
    heading, text = TROUBLES[why]
    status = 503 if why else 500
    shown = {"heading": heading, "text": text, "request_id": request_id.get()}
    response: HttpResponse
    if request.accepts("text/html"):
        page = render_to_string("500.html", shown | {"unstyled": why == "unfinished"})
        response = HttpResponse(page, status=status)
    else:
        error = {"type": "error", "code": "unavailable", "detail": f"{heading}. {text}"}
        response = JsonResponse(error, status=status)
    if why:
        response.headers["Retry-After"] = "5"
    return response
