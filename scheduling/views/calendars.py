"""Bookings for people's own calendars."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

from accounts.requests import UserRequest
from accounts.services.languages import reading
from accounts.tokens import calendar_owner
from scheduling import calendars
from scheduling.models import Booking
from setahub.core.web.streaming import offered_on

ICALENDAR = "text/calendar; charset=utf-8"


@offered_on(lambda pk: reverse("scheduling:booking", args=[pk]))
@require_safe
def booking(request: UserRequest, pk: int) -> HttpResponse:
    """One booking as a file, for its student and its TA."""
    booking = get_object_or_404(Booking.objects.of(request.user.pk).with_people(), pk=pk)
    response = HttpResponse(calendars.single(booking, request.user), content_type=ICALENDAR)
    response.headers["Content-Disposition"] = f'attachment; filename="setahub-booking-{pk}.ics"'
    return response


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """All bookings of whom the token belongs to, for programs that look again and again."""
    reader = calendar_owner(token)
    if reader is None:
        raise Http404

    @condition(etag_func=lambda request: calendars.feed_tag(reader))
    def made(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(calendars.feed(reader), content_type=ICALENDAR)
        response.headers["Content-Disposition"] = 'inline; filename="setahub.ics"'
        return response

    with reading(reader):
        return made(request)
