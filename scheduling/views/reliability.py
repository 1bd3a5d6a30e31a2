"""A student's word against a no-show."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.once import once, sent_once
from accounts.requests import UserRequest
from scheduling.forms.bookings import DisputeForm
from scheduling.models import Booking
from scheduling.services import outcome_rules as rules
from scheduling.services import reliability
from setahub.core.web.messages import done
from setahub.core.web.refusals import refusal_of, show_or_post


@show_or_post
@sent_once
def dispute(request: UserRequest, pk: int) -> HttpResponse:
    """Why the no-show is wrong, for staff to decide."""
    booking = get_object_or_404(Booking.objects.of(request.user.pk).with_people(), pk=pk)
    refusal = refusal_of(rules.check_dispute, booking, request.user)
    form = DisputeForm(request.POST if request.method == "POST" else None)
    if refusal is None or refusal.code == "disputed":
        made = form.attempt(
            once(
                request,
                lambda: reliability.dispute(booking, request.user, **form.cleaned_data),
                to=booking,
            )
        )
        if made is not None:
            return done(request, _("Thank you. The staff will look at it."), booking)
    refusal = form.refusal or refusal
    context = {"booking": booking, "as_student": True, "form": form, "error": refusal}
    status = refusal.status if refusal else form.status
    return render(request, "scheduling/booking_dispute.html", context, status=status)
