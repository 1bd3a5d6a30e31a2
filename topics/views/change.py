"""A topic is made, changed, deleted."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.once import left_by, once, sent_once
from accounts.requests import UserRequest
from setahub.core.web.messages import done
from setahub.core.web.own import sentence
from setahub.core.web.refusals import attempt, refusal_of, show_or_post
from setahub.core.web.too_many import say_when
from topics import services
from topics.forms import TopicForm
from topics.models import Topic
from topics.queries.topics import listed_of
from topics.services import Removal
from topics.views.detail import show, topic_or_404


@show_or_post
@sent_once
def create(request: UserRequest) -> HttpResponse:
    """A new topic, by anybody."""
    form = TopicForm(*_sent(request), uploader=request.user.pk)
    topic = form.attempt(
        once(
            request,
            lambda: services.create_topic(request.user, **form.cleaned_data),
            leaves=lambda topic: topic,
        )
    )
    if topic is not None:
        return done(request, _("The topic is ready. Its TAs can open time for it."), topic)
    if topic := _made_before(request, form):
        return redirect(topic)
    say_when(request, form)
    return render(request, "topics/form.html", {"form": form}, status=form.status)


def _sent(request: UserRequest) -> tuple[object, object]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _made_before(request: UserRequest, form: TopicForm) -> Topic | None:
    """The listed topic that has the name, where this very form made it and it was changed since."""
    if not form.has_error("name", "taken"):
        return None
    topic = listed_of(request.user, form.fields["name"].clean(form.data["name"]))
    return topic if topic and topic.get_absolute_url() == left_by(request) else None


@show_or_post
@sent_once
def edit(request: UserRequest, slug: str) -> HttpResponse:
    """Name, description and picture; the address stays."""
    topic = _own_topic_or_403(request, slug)
    form = TopicForm.of(topic, *_sent(request), uploader=request.user.pk)
    if form.attempt(
        once(request, lambda: services.update_topic(topic, request.user, **form.asked))
    ):
        return done(request, _("Saved."), topic)
    say_when(request, form)
    return render(request, "topics/form.html", {"form": form, "topic": topic}, status=form.status)


@show_or_post
@sent_once
def delete(request: UserRequest, slug: str) -> HttpResponse:
    """What deleting would do now, and doing it."""
    topic = _own_topic_or_403(request, slug)
    if request.method != "POST":
        archives = services.removal_of(topic, request.user) is Removal.ARCHIVED
        return render(request, "topics/delete.html", {"topic": topic, "archives": archives})
    removal, refusal = attempt(
        once(
            request,
            lambda: services.delete_topic(topic, request.user),
            to="topics:list",
            leaves="topics:list",
        )
    )
    if refusal is not None and refusal.status == 404:
        raise Http404
    if refusal is not None:
        return show(request, topic, refusal)
    words = (
        _("“%(name)s” is archived: it is no longer listed, and its history is kept.")
        if removal is Removal.ARCHIVED
        else _("“%(name)s” is deleted.")
    )
    return done(request, sentence(words, {"name": topic.name}), "topics:list")


def _own_topic_or_403(request: UserRequest, slug: str) -> Topic:
    topic = topic_or_404(slug)
    refusal = refusal_of(services.check_may_change, topic, request.user)
    if refusal is not None:
        raise PermissionDenied(refusal.message)
    return topic
