"""Teaching a topic, and stopping."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.once import once, sent_once
from accounts.requests import UserRequest
from setahub.core.web.messages import done
from setahub.core.web.refusals import attempt, show_or_post
from topics import services
from topics.errors import TopicError
from topics.forms import TeachForm
from topics.models import Registration, Topic
from topics.queries.registrations import registration_of
from topics.views.contexts.become_ta import TeachPage
from topics.views.contexts.teach import UnregisterPage
from topics.views.detail import show, topic_or_404


@show_or_post
@sent_once
def become_ta(request: UserRequest) -> HttpResponse:
    """Choose what to teach, several topics at once; then weekly hours. ``search`` looks for some."""
    user, sent = request.user, request.POST
    if request.method != "POST":
        form = TeachForm(user)
    elif "search" in sent:
        chosen = {"topics": sent.getlist("topics"), "year": sent.get("year")}
        form = TeachForm(user, initial=chosen)
    else:
        form = TeachForm(user, sent)
        made = form.attempt(
            once(
                request,
                lambda: services.register_for(user, **form.cleaned_data),
                to=_after_registering,
            )
        )
        if made:
            _thank(request, made)
            return redirect(_after_registering(made))
    page = TeachPage.of(user, form, query=(sent or request.GET).get("q", ""))
    return render(
        request, "topics/become_ta.html", {"form": form, "page": page}, status=form.status
    )


def _after_registering(made: Sequence[Registration]) -> str:
    """Opening hours for what may be taught at once; else what the registrations wait for."""
    slugs = [each.topic.slug for each in made if each.is_approved]
    hours = reverse("scheduling:weekly_hours")
    return f"{hours}?{urlencode({'topic': slugs}, doseq=True)}" if slugs else reverse("become_ta")


def _thank(request: UserRequest, made: Sequence[Registration]) -> None:
    if any(each.is_approved for each in made):
        messages.success(request, _("You are a TA now. Say when you can help: switch on a day."))
    if not all(each.is_approved for each in made):
        messages.success(request, _("Thank you! The staff will look at your registration."))


@require_POST
@sent_once
def register(request: UserRequest, slug: str) -> HttpResponse:
    """Offer to teach the topic."""
    topic = topic_or_404(slug)
    registration, refusal = attempt(
        once(request, lambda: services.register(request.user, topic), to=topic)
    )
    if registration is None:
        return show(request, topic, refusal)
    return done(
        request,
        _("You teach this topic now. Open some time, so that others can book it.")
        if registration.is_approved
        else _("Thank you! The staff will look at your registration."),
        topic,
    )


@show_or_post
@sent_once
def unregister(request: UserRequest, slug: str) -> HttpResponse:
    """What would end when one stops teaching the topic, and stopping."""
    topic = topic_or_404(slug)
    if request.method != "POST":
        return _ask_to_unregister(request, topic)
    _done, refusal = attempt(
        once(request, lambda: services.unregister(request.user, topic), to=topic)
    )
    if refusal is not None:
        return show(request, topic, refusal)
    return done(request, _("You are no longer registered for this topic."), topic)


def _ask_to_unregister(request: UserRequest, topic: Topic) -> HttpResponse:
    registration = registration_of(request.user, topic)
    if registration is None:
        refusal = TopicError("not_registered", _("You are not registered for this topic."))
        return show(request, topic, refusal)
    page = UnregisterPage.of(request.user, topic, registration)
    return render(request, "topics/unregister.html", vars(page))
