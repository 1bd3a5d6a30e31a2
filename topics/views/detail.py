"""The pages of topics: find one, see who teaches it and when, change it, teach it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.once import left_by, once, sent_once
from accounts.requests import UserRequest
from chat.queries import reach
from scheduling.queries.free import free_by_ta, free_by_topic, free_from, sessions_given
from scheduling.services import cascades, demand
from scheduling.views.contexts.slots import start_day, times, week_strip
from setahub.core.text import trimmed
from setahub.core.web import addresses
from setahub.core.web.forms import ChangedMeanwhile
from setahub.core.web.paging import PER_PAGE, paginate, whole
from setahub.core.web.refusals import show_or_post
from setahub.core.web.too_many import say_when
from topics import services
from topics.forms import TopicForm
from topics.models import Registration, Topic
from topics.queries.topics import tiles
from topics.services import Removal, TopicError

PER_PAGE_MAX = 60
SLOTS_SHOWN = 60
TAS_SHOWN = 24
TAS_MAX = 1000


# --- Find and see -------------------------------------------------------------------------------


@require_safe
def topic_list(request: UserRequest) -> HttpResponse:
    """Topics with their TAs and free times counted; ``?q=`` searches. htmx gets the list alone."""
    query = trimmed(request.GET.get("q", "").replace("\0", ""))
    limit = whole(request.GET.get("limit"), PER_PAGE, low=1, high=PER_PAGE_MAX)
    topics = Topic.objects.tiles().search(query) if query else tiles()
    page = paginate(topics, request.GET.get("page"), limit)
    free = free_by_topic([topic.pk for topic in page.items])
    fragment = _is_for_htmx(request)
    shown = {
        "q": query,
        "limit": limit if limit != PER_PAGE else None,
        "page": page,
        "tiles": [(topic, free.get(topic.pk)) for topic in page.items],
        "fragment": fragment,
    }
    if not fragment:
        return render(request, "topics/list.html", shown)
    response = render(request, "topics/_list.html", shown)
    # However much is typed, it is one step to go back.
    searched = "q=" in addresses.split(request.headers.get("HX-Current-URL", "")).query
    response.headers["HX-Replace-Url" if searched else "HX-Push-Url"] = request.get_full_path()
    return response


@require_safe
def detail(request: UserRequest, slug: str) -> HttpResponse:
    """A topic, its TAs, and the soonest free times of any of them from ``?from=`` on."""
    topic = _topic_or_404(slug)
    if topic.merged_into is not None:
        return redirect(topic.merged_into, permanent=True)
    return _show(request, topic)


def _show(request: UserRequest, topic: Topic, error: TopicError | None = None) -> HttpResponse:
    """The page of a topic; with an error, what was refused and its status."""
    mine = Registration.objects.of(request.user, topic)
    free = _times(request, topic)
    if free["from_today"] and not free["days"] and not mine and not topic.is_archived:
        demand.note_nothing_free(request.user, topic)
    shown = {
        "topic": topic,
        "error": error,
        "mine": mine,
        "may_change": services.may_change(topic, request.user),
        "cannot_teach": services.year_refusal(request.user),
        **free,
        **_people(request, topic),
    }
    return render(request, "topics/detail.html", shown, status=error.status if error else 200)


def _times(request: UserRequest, topic: Topic) -> dict[str, Any]:
    """The soonest free slots of any TA, from the day that was asked for."""
    day = start_day(request.GET.get("from"))
    slots = free_from(day, topic=topic.pk, limit=SLOTS_SHOWN + 1)
    return {
        **times(request.user, slots[:SLOTS_SHOWN]),
        "day": day,
        "from_today": day == start_day(None),
        "more_slots": len(slots) > SLOTS_SHOWN,
        "strip": week_strip(day, topic=topic.pk),
    }


def _people(request: UserRequest, topic: Topic) -> dict[str, Any]:
    """Who teaches the topic; first who has free time, since that is who can help."""
    free = free_by_ta(topic.pk)
    limit = TAS_MAX if request.GET.get("tas") == "all" else TAS_SHOWN
    tas, more = Registration.objects.tas_of(topic, list(free), limit)
    given = sessions_given([ta.pk for ta in tas])
    writable = reach.writable(request.user, tas)
    return {
        "tas": [(ta, free.get(ta.pk), given.get(ta.pk, 0), ta.pk in writable) for ta in tas],
        "more_tas": more,
        "next": next(iter(free.values()), None),
    }


# --- Change -------------------------------------------------------------------------------------


@show_or_post
@sent_once
def create(request: UserRequest) -> HttpResponse:
    """A new topic, by anybody."""
    form, status = TopicForm(), 200
    if request.method == "POST":
        form = TopicForm(request.POST, request.FILES, uploader=request.user.pk)
        status = form.status
        say_when(request, form)
    if form.is_valid():
        try:
            topic = once(
                request,
                lambda: services.create_topic(request.user, **form.cleaned_data),
                leaves=lambda made: made,
            )
        except TopicError as error:
            if error.field == "name" and (made := _made_before(request, form)):
                return redirect(made)
            form.add_error(error.field, error.message)
            status = error.status
            say_when(request, error)
        else:
            messages.success(request, _("The topic is ready. Its TAs can open time for it."))
            return redirect(topic)
    return render(request, "topics/form.html", {"form": form}, status=status)


def _made_before(request: UserRequest, form: TopicForm) -> Topic | None:
    """The listed topic that has the name, where this very form made it and it was changed since."""
    found = Topic.objects.listed().filter(creator=request.user)
    topic = found.named_like(Topic(name=form.cleaned_data["name"]))
    return topic if topic and topic.get_absolute_url() == left_by(request) else None


@show_or_post
@sent_once
def edit(request: UserRequest, slug: str) -> HttpResponse:
    """Name, description and picture; the address stays."""
    topic = _own_topic_or_403(request, slug)
    form, status = TopicForm.of(topic), 200
    if request.method == "POST":
        form = TopicForm.of(topic, request.POST, request.FILES, uploader=request.user.pk)
        status = form.status
        say_when(request, form)
    if form.is_valid():
        try:
            once(request, lambda: services.update_topic(topic, request.user, **form.asked))
        except ChangedMeanwhile as error:
            form.refuse(error)
            status = 409
        except TopicError as error:
            form.add_error(error.field, error.message)
            status = error.status
        else:
            messages.success(request, _("Saved."))
            return redirect(topic)
    return render(request, "topics/form.html", {"form": form, "topic": topic}, status=status)


@show_or_post
@sent_once
def delete(request: UserRequest, slug: str) -> HttpResponse:
    """What deleting would do now, and doing it."""
    topic = _own_topic_or_403(request, slug)
    if request.method != "POST":
        archives = services.removal_of(topic, request.user) is Removal.ARCHIVED
        return render(request, "topics/delete.html", {"topic": topic, "archives": archives})
    try:
        removal = once(
            request,
            lambda: services.delete_topic(topic, request.user),
            to=lambda _removal: "topics:list",
            leaves=lambda _removal: "topics:list",
        )
    except TopicError as error:
        if error.status == 404:
            raise Http404 from error
        return _show(request, topic, error)
    done = (
        _("“%(name)s” is archived: it is no longer listed, and its history is kept.")
        if removal is Removal.ARCHIVED
        else _("“%(name)s” is deleted.")
    )
    messages.success(request, done % {"name": topic.name})
    return redirect("topics:list")


# --- Teach --------------------------------------------------------------------------------------


@require_POST
@sent_once
def register(request: UserRequest, slug: str) -> HttpResponse:
    """Offer to teach the topic."""
    topic = _topic_or_404(slug)
    try:
        registration = once(
            request, lambda: services.register(request.user, topic), to=lambda _made: topic
        )
    except TopicError as error:
        return _show(request, topic, error)
    messages.success(
        request,
        _("You teach this topic now. Open some time, so that others can book it.")
        if registration.is_approved
        else _("Thank you! The staff will look at your registration."),
    )
    return redirect(topic)


@show_or_post
@sent_once
def unregister(request: UserRequest, slug: str) -> HttpResponse:
    """What would end when one stops teaching the topic, and stopping."""
    topic = _topic_or_404(slug)
    if request.method != "POST":
        return _ask_to_unregister(request, topic)
    try:
        once(request, lambda: services.unregister(request.user, topic), to=lambda _none: topic)
    except TopicError as error:
        return _show(request, topic, error)
    messages.success(request, _("You are no longer registered for this topic."))
    return redirect(topic)


def _ask_to_unregister(request: UserRequest, topic: Topic) -> HttpResponse:
    mine = Registration.objects.of(request.user, topic)
    if mine is None:
        return _show(request, topic, TopicError(_("You are not registered for this topic.")))
    ending = cascades.ending_of(request.user, topic)
    return render(request, "topics/unregister.html", {"topic": topic, "mine": mine, **ending})


# --- Shared -------------------------------------------------------------------------------------


def _topic_or_404(slug: str) -> Topic:
    return get_object_or_404(Topic.objects.select_related("creator"), slug=slug)


def _own_topic_or_403(request: UserRequest, slug: str) -> Topic:
    topic = _topic_or_404(slug)
    try:
        services.check_may_change(topic, request.user)
    except TopicError as error:
        raise PermissionDenied(error.message) from error
    return topic


def _is_for_htmx(request: UserRequest) -> bool:
    """Whether a fragment is wanted; going back in the history restores a whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
