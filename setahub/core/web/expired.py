"""A form that came too late: its token no longer holds, or its sender is no longer signed in.

What was typed is not lost: whoever is still the same person gets it back, to send it again.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _

from setahub.core.web.addresses import addressed_host, split
from setahub.core.web.own import sentence

# In every form beside its token: the id of whom its page was made for, empty for a visitor.
MADE_FOR = "made_for"
_OURS = {"csrfmiddlewaretoken", MADE_FOR}
_SECRET = re.compile("password|credential", re.IGNORECASE)
# Nobody has typed what stands in fields of these names, nor a button's or a box's value; of what a
# value doesn't tell apart from that, short lower-case words, nothing is seen, but all is sent.
_MACHINES = {"base", "form_key", "client_id", "next", "from_page"}
_CHOSEN = re.compile(r"[a-z0-9_.:-]*")
_LINE = 60  # letters that one line shows


@dataclass(frozen=True)
class Sent:
    """A value that was sent. ``kind``: ``hidden``, ``text``, ``lines``, ``password`` or ``file``."""

    name: str
    kind: str
    value: str = ""

    @property
    def label(self) -> str:
        """What the field is called: the form itself is not known here."""
        words = settings.FORM_LABELS.get(self.name.rpartition("-")[2])
        return str(words or (_("Password") if self.kind == "password" else _("What you typed")))


def page_of_form(request: HttpRequest) -> str:
    """Where the form was shown, as far as the browser tells; else where it was sent.

    Such a page takes in its address what the form's hidden fields have.
    """
    here = split(request.headers.get("Referer", ""))
    if here.path and here.netloc == addressed_host(request):
        return here.path + (f"?{here.query}" if here.query else "")
    asked = {
        name: request.POST[name] for name in settings.FORM_ADDRESS_FIELDS if request.POST.get(name)
    }
    return (
        request.get_full_path()
        if request.GET or not asked
        else f"{request.path}?{urlencode(asked)}"
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: what was sent, with a fresh token, where it is certain that the same person sent it."""
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(
            {
                "type": "error",
                "code": "not_allowed",
                "detail": _("This page has expired. Reload it and send this again."),
                "client_id": request.POST.get("client_id"),
            },
            status=403,
        )
    shown = _why_not(request, reason)
    if "HX-Request" in request.headers:
        return part(request, shown) if shown else _fresh_token(request)
    if shown:
        return render(request, "shared/error.html", shown, status=403)
    return _again(request)


def part(request: HttpRequest, shown: dict[str, Any], status: int = 403) -> HttpResponse:
    """The words in the place that htmx asked for: the form around it stays as it was typed."""
    response = render(request, "shared/_expired.html", shown, status=status)
    # By this static/js/submit.js knows that it is meant to be shown.
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def signed_out(request: HttpRequest) -> dict[str, Any]:
    """What there is to say and to do about it."""
    return _words(
        _("You are signed out"),
        _("Sign in, then send the form again. Nothing was changed."),
        redirect_to_login(page_of_form(request), resolve_url(settings.LOGIN_URL)).url,
        _("Sign in"),
    )


def _why_not(request: HttpRequest, reason: str) -> dict[str, Any] | None:
    """Why what was sent is not shown again, in words; None when it may be."""
    user, made_for = request.user, request.POST.get(MADE_FOR)
    if not _is_own(request, reason):
        return _words(
            _("This form has expired"),
            _("Go back, reload the page and send it again. Nothing was changed."),
        )
    if not user.is_authenticated:
        return signed_out(request) if made_for or _needs_a_user(request) else None
    if made_for == "":
        return _words(
            _("You have signed in meanwhile"),
            _("That page was from before you signed in. Nothing was changed."),
            resolve_url(settings.LOGIN_REDIRECT_URL),
            _("Continue"),
        )
    if made_for not in (None, str(user.pk)):
        return _words(
            _("That page was somebody else's"),
            sentence(
                _(
                    "You are signed in as %(name)s now. What was typed there was not sent, and is gone."
                ),
                {"name": user.username},
            ),
            resolve_url(settings.LOGIN_REDIRECT_URL),
            _("Continue"),
        )
    return None


def _fresh_token(request: HttpRequest) -> HttpResponse:
    """For static/js/submit.js, which puts it into the page's forms and asks again."""
    return HttpResponse(status=403, headers={"X-CSRFToken": get_token(request)})


def _is_own(request: HttpRequest, reason: str) -> bool:
    """Whether the form came from a page of this site, rather than from one that lures into it."""
    if reason.startswith(("Origin checking", "Referer checking")):
        return False
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    referer = split(request.headers.get("Referer", "")).netloc
    return not referer or referer == request.get_host()


def _needs_a_user(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is None or getattr(match.func, "login_required", True)


def _words(heading: str, text: str, url: str = "", action: str = "") -> dict[str, Any]:
    return {"glyph": "lock", "heading": heading, "text": text, "url": url, "action": action}


def _again(request: HttpRequest) -> HttpResponse:
    shown = {
        "sent": _sent(request),
        "action": request.get_full_path(),
        "back": page_of_form(request),
        "has_files": bool(request.FILES),
    }
    return render(request, "shared/send_again.html", shown, status=403)


def _sent(request: HttpRequest) -> list[Sent]:
    found = []
    for name, values in request.POST.lists():
        if name in _OURS:
            continue
        if _SECRET.search(name):
            found.append(Sent(name, "password"))
            continue
        for value in values:
            found.append(Sent(name, _kind(name, value), value))
    return [*found, *(Sent(name, "file") for name in request.FILES)]


def _kind(name: str, value: str) -> str:
    if name in _MACHINES or name.startswith("_") or _CHOSEN.fullmatch(value):
        return "hidden"
    return "lines" if "\n" in value or len(value) > _LINE else "text"
