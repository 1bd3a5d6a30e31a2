"""The inbox, a conversation, its history, and reading it."""

import uuid

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import UserRequest
from chat import frames, protocol, services
from chat.forms import MessageForm, ReadForm
from chat.queries import conversations
from chat.queries.reach import partner
from chat.views.contexts.conversations import Conversation, History
from setahub.core.web.paging import paginate
from setahub.core.web.refusals import show_or_post

INBOX = 30  # conversations of a page


@require_safe
def inbox(request: UserRequest) -> HttpResponse:
    """All conversations, unread first."""
    page = paginate(conversations.inbox(request.user.pk), request.GET.get("page"), INBOX)
    return render(request, "chat/inbox.html", {"page": page})


@require_safe
def unread(request: UserRequest) -> HttpResponse:
    """Unread counts as JSON, in all and by whoever wrote."""
    counts = conversations.unread_counts(request.user.pk)
    return JsonResponse({"total": sum(counts.values()), "conversations": counts})


@show_or_post
def conversation(request: UserRequest, pk: int) -> HttpResponse:
    """The latest messages with somebody, or those ``?before=`` one; ``POST`` sends one."""
    if request.method == "POST":
        return _send(request, get_object_or_404(User, pk=pk))
    person = _partner_or_404(request, pk)
    return _show(request, person, _empty_form(), before=_id_in(request, "before"))


def _empty_form() -> MessageForm:
    return MessageForm(initial={"client_id": uuid.uuid4()})


def _send(request: UserRequest, person: User) -> HttpResponse:
    form = MessageForm(request.POST, request.FILES)
    as_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    message = form.attempt(
        lambda: services.send_upload(request.user.pk, person.pk, **form.cleaned_data)
    )
    if message is None:
        return _refused_as_json(form) if as_json else _refused(request, person, form)
    if as_json:
        return JsonResponse(frames.ack(message), status=201)
    # Whoever answers on the page has read it; with JavaScript the page itself reports what was seen.
    services.mark_read(request.user.pk, person.pk, message.pk)
    return redirect("chat:conversation", pk=person.pk)


def _refused_as_json(form: MessageForm) -> HttpResponse:
    frame = frames.error(*form.first_error, protocol.as_uuid(form.data.get("client_id")))
    return JsonResponse(frame, status=form.status)


def _refused(request: UserRequest, person: User, form: MessageForm) -> HttpResponse:
    if partner(request.user.pk, person.pk) is not None:
        return _show(request, person, form, status=form.status)
    words = {"heading": _("This can't be sent"), "text": form.first_error[1], "glyph": "lock"}
    return render(request, "shared/error.html", words, status=form.status)


def _show(
    request: UserRequest,
    person: User,
    form: MessageForm,
    *,
    status: int = 200,
    before: int | None = None,
) -> HttpResponse:
    context = vars(Conversation.of(request.user, person, before))
    page = paginate(conversations.inbox(request.user.pk), None, INBOX)
    context = {**context, "form": form, "page": page}
    return render(request, "chat/conversation.html", context, status=status)


@require_safe
def history(request: UserRequest, pk: int) -> HttpResponse:
    """Older messages (``?before=``) or missed ones (``?after=``), as a fragment, oldest first."""
    person = _partner_or_404(request, pk)
    before, after = _id_in(request, "before"), _id_in(request, "after")
    part = History.of(request.user, person, before=before, after=after)
    return render(request, "chat/_history.html", vars(part))


@require_POST
def read(request: UserRequest, pk: int) -> HttpResponse:
    """Mark as read up to ``last_id``; 204 for scripts, back to the conversation for forms."""
    person = _partner_or_404(request, pk)
    form = ReadForm(request.POST)
    if not form.is_valid():
        return _show(request, person, _empty_form(), status=422)
    services.mark_read(request.user.pk, person.pk, form.cleaned_data["last_id"])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    return redirect("chat:conversation", pk=person.pk)


def _partner_or_404(request: UserRequest, pk: int) -> User:
    person = partner(request.user.pk, pk)
    if person is None:
        raise Http404
    return person


def _id_in(request: UserRequest, name: str) -> int | None:
    """An id from the query string, 0 included ("from the start"); garbage is a bad request."""
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("not an id")
    return int(text)
