"""Checking in: the TA shows a code, the student enters or scans it."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from scheduling.forms.bookings import CODE_MAX, CheckInForm
from scheduling.models import Appointment, Booking
from scheduling.queries.check_ins import gives, to_check_in
from scheduling.services import check_ins
from scheduling.services import outcome_rules as rules
from scheduling.views.contexts.check_ins import Arrivals, CodePage
from setahub.core.web.addresses import site_of
from setahub.core.web.messages import done
from setahub.core.web.parts import wants_part
from setahub.core.web.refusals import refusal_of, show_or_post
from setahub.core.web.too_many import say_when


@require_safe
def code(request: UserRequest, pk: int) -> HttpResponse:
    """The code of a session and its QR, for its TA; htmx gets the code or the list alone.

    ``?part=list&seen=``: nothing where nobody came since.
    """
    session = get_object_or_404(Appointment.objects.of(request.user.pk), pk=pk)
    if not wants_part(request):
        context = {"page": CodePage.of(session, site_of(request)), "arrivals": Arrivals.of(session)}
        return render(request, "scheduling/check_in_code.html", context)
    if request.GET.get("part") != "list":
        return render(
            request,
            "scheduling/_check_in_code.html",
            {"page": CodePage.of(session, site_of(request))},
        )
    arrivals = Arrivals.of(session)
    if request.GET.get("seen") == arrivals.seen:
        return HttpResponse(status=204)
    return render(request, "scheduling/_arrivals.html", {"arrivals": arrivals})


@login_not_required
@show_or_post
def scan(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the QR leads: a page to confirm, and checking in. Whoever isn't signed in comes back."""
    given = (request.POST if request.method == "POST" else request.GET).get("code", "")
    sealed = check_ins.scanned(pk, given[:CODE_MAX])
    if not request.user.is_authenticated:
        return redirect_to_login(f"{request.path}?{urlencode({'code': sealed})}")
    return _enter(cast(UserRequest, request), pk, sealed)


def _enter(request: UserRequest, pk: int, sealed: str) -> HttpResponse:
    if gives(request.user.pk, pk):
        return redirect("scheduling:appointment_check_in", pk)
    booking = to_check_in(request.user.pk, pk)
    if booking is None:
        return render(request, "scheduling/check_in.html", {"booking": None}, status=404)
    if booking.checked_in_at is not None:
        return redirect(booking)
    refusal = refusal_of(rules.check_check_in, booking, request.user)
    if refusal:
        context = {"booking": booking, "error": refusal}
        return render(request, "scheduling/check_in.html", context, status=refusal.status)
    if request.method != "POST":
        return _ask(request, booking, CheckInForm(initial={"code": sealed}))
    form = CheckInForm(request.POST)
    if form.attempt(lambda: check_ins.check_in(booking, request.user, **form.cleaned_data)):
        return done(request, _("You have checked in."), booking)
    say_when(request, form)
    return _ask(request, booking, form)


def _ask(request: UserRequest, booking: Booking, form: CheckInForm) -> HttpResponse:
    """To confirm what was scanned, or to type the code."""
    context = {"booking": booking, "form": form}
    return render(request, "scheduling/check_in.html", context, status=form.status)
