"""One's own week."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from scheduling.views.contexts.my_week import MyWeek


@require_safe
def my_week(request: UserRequest) -> HttpResponse:
    """What one learns and teaches in the week of ``?week=`` (any day in it), and when one is free."""
    week = MyWeek.of(request.user, request.GET.get("week"))
    return render(request, "scheduling/my_week.html", {"week": week})
