"""The addresses of one's private calendar."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import UserRequest
from accounts.services import profiles
from accounts.tokens import calendar_token
from setahub.core.mail import absolute


def addresses(request: UserRequest) -> dict[str, str]:
    """Of the feed: to copy, to open a calendar program with, and to add it to Google Calendar."""
    feed = reverse("scheduling:calendar_feed", args=[calendar_token(request.user)])
    http = absolute(feed)
    webcal = "webcal" + http[http.index(":") :]
    google = "https://calendar.google.com/calendar/render?" + urlencode({"cid": webcal})
    return {"http": http, "webcal": webcal, "google": google}


@require_POST
def renew(request: UserRequest) -> HttpResponse:
    """A new secret address; what knows the old one sees nothing any more."""
    profiles.renew_calendar(request.user)
    messages.success(request, _("Your calendar has a new address. Add it to your programs again."))
    return redirect("accounts:me")
