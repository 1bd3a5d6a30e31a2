"""Asking for time, joining who asks, and taking what is offered."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.once import once, sent_once
from accounts.requests import UserRequest
from scheduling.forms.bookings import QuestionForm
from scheduling.forms.requests import AskForm, CloseForm
from scheduling.models import HelpRequest, Offer
from scheduling.queries.requests import joinable_by, offers_of, visible_to
from scheduling.services import bookings, offers, requests
from scheduling.views.contexts.requests import OfferPage, RequestPage
from setahub.core.web.messages import done
from setahub.core.web.refusals import Refusal, attempt, show_or_post
from setahub.core.web.too_many import say_when
from topics.views.detail import show as show_topic

# --- Asking -------------------------------------------------------------------------------------


@show_or_post
@sent_once
def create(request: UserRequest) -> HttpResponse:
    """Ask for time; ``?topic=``, ``ta``, ``part``, ``from`` fill the form, and so does a ``fill``.

    That is the form of a booking, sent here with the question when its time can't be had.
    """
    if request.method != "POST" or "fill" in request.POST:
        given = request.POST if request.method == "POST" else request.GET
        return _ask(request, AskForm.started(request.user, given))
    form = AskForm(request.user, request.POST)
    asked = form.attempt(once(request, lambda: requests.ask(request.user, **form.cleaned_data)))
    if asked is None:
        say_when(request, form)
        return _ask(request, form)
    return done(request, _("You are in line. When a time comes up, it is offered to you."), asked)


def _ask(request: UserRequest, form: AskForm) -> HttpResponse:
    context = {"form": form, "topic": form.known_topic}
    return render(request, "scheduling/request_new.html", context, status=form.status)


# --- One request --------------------------------------------------------------------------------


@require_safe
def detail(request: UserRequest, pk: int) -> HttpResponse:
    """One request, for its owner, for who joined, and for the TAs who could answer it."""
    return _show(request, _visible_or_404(request, pk))


@require_POST
@sent_once
def join(request: UserRequest, pk: int) -> HttpResponse:
    """Wait for the same."""
    asked = get_object_or_404(joinable_by(request.user.pk), pk=pk)
    _place, refusal = attempt(once(request, lambda: requests.join(asked, request.user), to=asked))
    if refusal is not None:
        say_when(request, refusal)
        return show_topic(request, asked.topic, refusal)
    return done(request, _("You wait with them now. When a time comes up, it is offered."), asked)


@require_POST
@sent_once
def leave(request: UserRequest, pk: int) -> HttpResponse:
    """Give one's own place in line up."""
    own = HelpRequest.objects.of_or_joined_by(request.user.pk)
    asked = get_object_or_404(own, pk=pk)
    once(request, lambda: requests.leave(asked, request.user), to=asked)()
    return done(request, _("You no longer wait for this."), asked)


@require_POST
@sent_once
def close(request: UserRequest, pk: int) -> HttpResponse:
    """Its owner needs it no more, ``solved`` or not."""
    asked, form = _visible_or_404(request, pk), CloseForm(request.POST)
    solved = form.is_valid() and form.cleaned_data["solved"]
    _none, refusal = attempt(
        once(request, lambda: requests.close(asked, request.user, solved=solved), to=asked)
    )
    if refusal is not None:
        return _show(request, asked, refusal)
    return done(
        request, _("Glad that it is solved!") if solved else _("Your request is closed."), asked
    )


def _visible_or_404(request: UserRequest, pk: int) -> HelpRequest:
    return get_object_or_404(visible_to(request.user.pk), pk=pk)


def _show(request: UserRequest, asked: HelpRequest, error: Refusal | None = None) -> HttpResponse:
    page = RequestPage.of(request.user, asked, error)
    status = error.status if error else 200
    return render(request, "scheduling/request.html", vars(page), status=status)


# --- One offer ----------------------------------------------------------------------------------


@show_or_post
@sent_once
def offer(request: UserRequest, pk: int) -> HttpResponse:
    """A time that is held for the viewer: take it with a question, or ``decline`` it."""
    held = _offer_or_404(request, pk)
    if request.method != "POST":
        form = QuestionForm(initial={"question": held.request.question})
        return _show_offer(request, held, form)
    return _decline(request, held) if request.POST.get("decline") else _take(request, held)


def _take(request: UserRequest, held: Offer) -> HttpResponse:
    form = QuestionForm(request.POST)
    booking = form.attempt(
        once(request, lambda: bookings.take(held, request.user, **form.cleaned_data))
    )
    if booking is not None:
        return done(request, _("Booked. See you there!"), booking)
    say_when(request, form)
    return _show_offer(request, _offer_or_404(request, held.pk), form)


def _decline(request: UserRequest, held: Offer) -> HttpResponse:
    _declined, refusal = attempt(once(request, lambda: offers.decline(held, request.user)))
    if refusal is None:
        return done(request, _("Passed on. You keep your place in line."), held)
    form = QuestionForm(initial={"question": request.POST.get("question", "")})
    form.refusal = refusal
    return _show_offer(request, _offer_or_404(request, held.pk), form, refusal.status)


def _show_offer(
    request: UserRequest, held: Offer, form: QuestionForm, status: int | None = None
) -> HttpResponse:
    page = OfferPage.of(held, form.refusal)
    context = {**vars(page), "slot": page.slot, "topic": page.topic, "form": form}
    context["still_waits"] = page.still_waits
    return render(request, "scheduling/offer.html", context, status=status or form.status)


def _offer_or_404(request: UserRequest, pk: int) -> Offer:
    return get_object_or_404(offers_of(request.user.pk), pk=pk)
