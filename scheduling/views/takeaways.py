"""What remains of a session: takeaway, thanks, the same time again."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.once import once, sent_once
from accounts.requests import UserRequest
from scheduling.forms.takeaways import ShowForm, TakeawayForm, ThanksForm
from scheduling.models import Booking
from scheduling.queries.takeaways import takeaway_of, thanks_of
from scheduling.services import takeaways as services
from scheduling.views.contexts.again import Again
from scheduling.views.contexts.bookings import BookingPage
from setahub.core.web.messages import done
from setahub.core.web.refusals import RefusableForm, Refusal, attempt, refusal_of, show_or_post


@show_or_post
@sent_once
def takeaway(request: UserRequest, pk: int) -> HttpResponse:
    """The TA leaves what remains of the session, or changes it."""
    booking = _own_or_404(request, pk)
    if request.method != "POST":
        refusal = refusal_of(services.check_takeaway, booking, request.user)
        return _show_takeaway(request, booking, TakeawayForm.of(takeaway_of(booking)), refusal)
    form = TakeawayForm(request.POST)
    left = form.attempt(
        once(request, lambda: services.leave(booking, request.user, **form.cleaned_data), booking)
    )
    if left is not None:
        return done(request, _("Left for %(name)s.") % {"name": booking.student.username}, booking)
    return _show_takeaway(request, booking, form, form.refusal)


def _show_takeaway(
    request: UserRequest, booking: Booking, form: TakeawayForm, refusal: Refusal | None
) -> HttpResponse:
    left = takeaway_of(booking)
    context = {"left": left, "version": left.version if left else ""}
    return _page(request, "scheduling/takeaway.html", booking, form, refusal, context)


@show_or_post
@sent_once
def thanks(request: UserRequest, pk: int) -> HttpResponse:
    """The student says whether it helped, and thanks; or changes it."""
    booking = _own_or_404(request, pk)
    if request.method != "POST":
        refusal = refusal_of(services.check_thanks, booking, request.user)
        said = thanks_of(booking) if refusal is None else None
        context = {"said": said}
        form = ThanksForm.of(said)
        return _page(request, "scheduling/thanks.html", booking, form, refusal, context)
    form = ThanksForm(request.POST)
    said = form.attempt(
        once(request, lambda: services.thank(booking, request.user, **form.cleaned_data), booking)
    )
    if said is not None:
        return done(request, _("Thank you for telling us."), booking)
    return _page(request, "scheduling/thanks.html", booking, form, form.refusal, {})


@require_POST
def show_takeaway(request: UserRequest, pk: int) -> HttpResponse:
    """The student lets the TA read what they were left before, or no longer."""
    booking = _own_or_404(request, pk)
    form = ShowForm(request.POST)
    wanted = form.is_valid() and form.cleaned_data["show_takeaway"]
    shown, refusal = attempt(lambda: services.show(booking, request.user, wanted=wanted))
    if refusal:
        return _refused(request, booking, refusal)
    if shown is not None and shown.shown_takeaway_id:
        messages.success(request, _("Your TA can read it now."))
    else:
        messages.success(request, _("Your TA does not see it any more."))
    return redirect(booking)


@require_safe
def again(request: UserRequest, pk: int) -> HttpResponse:
    """The same time in a week, to be confirmed; where it can't be, why, and the nearest times."""
    booking = _own_or_404(request, pk)
    page, refusal = attempt(lambda: Again.of(booking, request.user))
    if page is None or refusal is not None:
        return _refused(request, booking, refusal)
    if page.slot is not None:
        asked = urlencode({"slot": str(page.slot.pk), "topic": booking.topic.slug})
        return HttpResponseRedirect(f"{reverse('scheduling:booking_create')}?{asked}")
    context = {**vars(BookingPage.of(booking, request.user)), **vars(page)}
    return render(request, "scheduling/booking_again.html", context, status=409)


# --- Shared -------------------------------------------------------------------------------------


def _own_or_404(request: UserRequest, pk: int) -> Booking:
    return get_object_or_404(Booking.objects.of(request.user.pk).with_people(), pk=pk)


def _page(
    request: UserRequest,
    template: str,
    booking: Booking,
    form: RefusableForm,
    refusal: Refusal | None,
    more: dict[str, Any],
) -> HttpResponse:
    """The form on a page of its own; what was typed stays, also where all of it is refused."""
    context = {
        **vars(BookingPage.of(booking, request.user)),
        "form": form,
        "error": refusal,
        **more,
    }
    status = refusal.status if refusal else form.status
    return render(request, template, context, status=status)


def _refused(request: UserRequest, booking: Booking, refusal: Refusal | None) -> HttpResponse:
    context = {**vars(BookingPage.of(booking, request.user)), "error": refusal}
    status = refusal.status if refusal else 200
    return render(request, "scheduling/booking_again.html", context, status=status)
