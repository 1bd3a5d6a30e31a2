"""The devices that one is signed in on, and signing out there."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import SignIn
from accounts.once import once, sent_once
from accounts.queries.sessions import sign_ins_of
from accounts.requests import UserRequest
from accounts.services import sign_ins
from accounts.views.contexts.sessions import SessionsPage
from setahub.core.web.messages import done


@require_safe
def sessions(request: UserRequest) -> HttpResponse:
    """The devices that one is signed in on, this one first."""
    here = request.session.session_key or ""
    listed = sign_ins_of(request.user)
    if all(sign_in.session_id != here for sign_in in listed):  # it wasn't made by signing in
        sign_ins.note(request.user, here, request.headers.get("User-Agent", ""))
        listed = sign_ins_of(request.user)
    return render(request, "accounts/sessions.html", vars(SessionsPage.of(listed, here)))


@require_POST
@sent_once
def end_session(request: UserRequest, pk: int) -> HttpResponse:
    """Sign out on one device."""
    sign_in = get_object_or_404(SignIn.objects.of(request.user.pk), pk=pk)
    page = "accounts:sessions"
    once(request, lambda: sign_ins.end(sign_in), to=page, leaves=page)()
    return done(request, _("Signed out: %(device)s.") % {"device": sign_in.device}, page)


@require_POST
def end_other_sessions(request: UserRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    sign_ins.end_others(request.user, kept=[request.session.session_key])
    return done(request, _("Signed out on all other devices."), "accounts:sessions")
