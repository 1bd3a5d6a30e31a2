"""The inbox, a conversation, its history, reading, reporting, and its pictures."""

import uuid
from typing import Any

from django.contrib import messages as notices
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import UserRequest
from chat import frames, pictures, protocol, services
from chat.errors import ChatError
from chat.forms import MessageForm, ReadForm, ReportForm
from chat.models import Message, Participation
from chat.views.contexts import conversations as contexts
from setahub.core.images import picture_response
from setahub.core.web.paging import paginate
from setahub.core.web.refusals import show_or_post


@require_safe
def inbox(request: UserRequest) -> HttpResponse:
    """All conversations, unread first."""
    page = paginate(contexts.inbox(request.user), request.GET.get("page"), contexts.INBOX)
    return render(request, "chat/inbox.html", {"page": page})


# --- A conversation -----------------------------------------------------------------------------


@show_or_post
def conversation(request: UserRequest, pk: int) -> HttpResponse:
    """The latest messages with somebody, or those ``?before=`` one; ``POST`` sends one."""
    if request.method == "POST":
        return _send(request, get_object_or_404(User, pk=pk))
    person = contexts.partner(request.user, pk)
    return _show(request, person, _empty_form(), before=_id_in(request, "before"))


def _empty_form() -> MessageForm:
    return MessageForm(initial={"client_id": uuid.uuid4()})


def _send(request: UserRequest, person: User) -> HttpResponse:
    form = MessageForm(request.POST, request.FILES)
    as_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        message = _stored(request.user, person, form)
    except ChatError as error:
        if as_json:
            name = protocol.as_uuid(form.data.get("client_id"))
            frame = frames.error(error.code, error.message, name)
            return JsonResponse(frame, status=error.status)
        return _refused(request, person, form, error)
    if as_json:
        return JsonResponse(frames.ack(message), status=201)
    # Who answers on the page has read it; with JavaScript the page itself reports what was seen.
    services.mark_read(request.user.pk, person.pk, message.pk)
    return redirect("chat:conversation", pk=person.pk)


def _stored(sender: User, person: User, form: MessageForm) -> Message:
    if not form.is_valid():
        raise ChatError(*form.first_error)
    sent = form.cleaned_data
    client_id, text, upload = sent["client_id"], sent["text"], sent["image"]
    if not upload:
        return services.send(sender.pk, person.pk, client_id, text)
    # Decoding costs: what can't be stored, or is already, is told without.
    digest = pictures.digest_of(upload)
    if before := services.sent_before(sender.pk, person.pk, client_id, text, digest):
        return before
    services.check_may_write(sender.pk, person.pk)
    picture = pictures.read(upload, sender.pk)
    return services.send(sender.pk, person.pk, client_id, text, picture)


def _refused(
    request: UserRequest, person: User, form: MessageForm, error: ChatError
) -> HttpResponse:
    if not contexts.has_page(request.user, person):
        shown = {"heading": _("This can't be sent"), "text": error.message, "glyph": "lock"}
        return render(request, "shared/error.html", shown, status=error.status)
    if not form.errors:
        form.add_error(error.field, error.message)
    return _show(request, person, form, status=error.status)


def _show(
    request: UserRequest,
    person: User,
    form: MessageForm,
    *,
    status: int = 200,
    before: int | None = None,
) -> HttpResponse:
    shown: dict[str, Any] = contexts.conversation(request.user, person, before)
    shown |= {"form": form, "page": paginate(contexts.inbox(request.user), None, contexts.INBOX)}
    return render(request, "chat/conversation.html", shown, status=status)


@require_safe
def history(request: UserRequest, pk: int) -> HttpResponse:
    """Older messages (``?before=``) or missed ones (``?after=``), as a fragment, oldest first."""
    person = contexts.partner(request.user, pk)
    before, after = _id_in(request, "before"), _id_in(request, "after")
    shown = contexts.history(request.user, person, before=before, after=after)
    return render(request, "chat/_history.html", shown)


def _id_in(request: UserRequest, name: str) -> int | None:
    """An id from the query string, 0 included ("from the start"); garbage is a bad request."""
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("not an id")
    return int(text)


@require_POST
def read(request: UserRequest, pk: int) -> HttpResponse:
    """Mark as read up to ``last_id``; 204 for scripts, back to the conversation for forms."""
    person = contexts.partner(request.user, pk)
    form = ReadForm(request.POST)
    if not form.is_valid():
        return _show(request, person, _empty_form(), status=422)
    services.mark_read(request.user.pk, person.pk, form.cleaned_data["last_id"])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    return redirect("chat:conversation", pk=person.pk)


# --- Around it ----------------------------------------------------------------------------------


@require_safe
def unread(request: UserRequest) -> HttpResponse:
    """Unread counts as JSON, in all and by who wrote."""
    counts = Participation.objects.unread_counts(request.user.pk)
    return JsonResponse({"total": sum(counts.values()), "conversations": counts})


@show_or_post
def report(request: UserRequest, pk: int) -> HttpResponse:
    """Report a message of the other person to the staff."""
    found = get_object_or_404(
        Message.objects.seen_by(request.user.pk).select_related("sender"), pk=pk
    )
    if found.sender_id == request.user.pk:
        raise Http404
    form = ReportForm(request.POST or None)
    if form.is_valid():
        services.report(found, request.user, form.cleaned_data["reason"])
        notices.success(request, _("Thank you. The staff will look at it."))
        return redirect("chat:conversation", pk=found.sender_id)
    status = 422 if request.method == "POST" else 200
    shown = {"message": found, "person": found.sender, "form": form, "viewer_id": request.user.pk}
    return render(request, "chat/report.html", shown, status=status)


@require_safe
def image(request: UserRequest, pk: int) -> HttpResponse:
    """A conversation's picture or its thumbnail, for its two people only."""
    found = get_object_or_404(Message.objects.seen_by(request.user.pk).exclude(image=""), pk=pk)
    stored = found.thumb if request.GET.get("size") == "thumb" else found.image
    try:
        return picture_response(request, stored, cache="private, no-store")
    except (OSError, ValueError) as error:
        raise Http404 from error
