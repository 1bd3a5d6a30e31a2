"""A browser's push subscription: kept, and ended."""

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import AccountError
from accounts.forms.push import UNREADABLE, EndpointForm, SubscriptionForm, Unreadable, read
from accounts.models import PushSubscription
from accounts.requests import UserRequest
from accounts.services import push, sign_ins
from setahub.core.web.refusals import attempt
from setahub.core.web.too_many import say_when


@require_http_methods(["POST", "DELETE"])
def subscription(request: UserRequest) -> HttpResponse:
    """JSON, as browsers give it: 201 with the name of the device, 204 once it is ended."""
    if not push.is_on():
        raise Http404
    try:
        sent = read(request.body)
    except Unreadable:
        return _error(400, "invalid", str(UNREADABLE))
    form = SubscriptionForm.of(sent) if request.method == "POST" else EndpointForm.of(sent)
    if not form.is_valid():
        return _error(400, "invalid", form.problem)
    done, refusal = attempt(lambda: _write(request, form))
    if refusal is not None:
        say_when(request, refusal)
        return _error(refusal.status, refusal.code, refusal.message)
    if done is None:
        return HttpResponse(status=204)
    return JsonResponse({"device": done.device}, status=201)


def _write(request: UserRequest, form: EndpointForm) -> PushSubscription | None:
    """What is kept now; None once it is ended."""
    user = request.user
    if not isinstance(form, SubscriptionForm):
        if not push.unsubscribe(user, form.cleaned_data["endpoint"]):
            raise AccountError("gone", _("There is no such push subscription."), 404)
        return None
    agent = request.headers.get("User-Agent", "")
    sign_in = sign_ins.noted(user, request.session.session_key or "", agent)
    if sign_in is None:
        raise AccountError("signed_out", _("You are signed out."), 403)
    return push.subscribe(user, sign_in, form.given)


def _error(status: int, code: str, detail: str) -> HttpResponse:
    error: dict[str, Any] = {"type": "error", "code": code, "detail": detail}
    return JsonResponse(error, status=status)
