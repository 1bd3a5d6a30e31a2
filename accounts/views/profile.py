"""The page of a person, and blocking them."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import stars
from accounts.models import User
from accounts.requests import UserRequest
from accounts.services import blocks
from accounts.services import stars as services
from accounts.views.contexts.profile import ProfilePage
from setahub.core.web.addresses import own_path
from setahub.core.web.refusals import Refusal, attempt


@require_safe
def profile(request: UserRequest, pk: int) -> HttpResponse:
    """What others see of somebody."""
    return _show(request, _person_or_404(request, pk))


@require_POST
def block(request: UserRequest, pk: int) -> HttpResponse:
    """No further messages or bookings with somebody."""
    success = _("Blocked: no messages and no new bookings between you two.")
    return _between(request, pk, blocks.block, success)


@require_POST
def unblock(request: UserRequest, pk: int) -> HttpResponse:
    """Take one's block back."""
    return _between(request, pk, blocks.unblock, _("Unblocked."))


@require_POST
def star(request: UserRequest, pk: int) -> HttpResponse:
    """Make somebody a favourite, or no longer."""
    person = _person_or_404(request, pk)
    starred, refusal = attempt(lambda: services.star(request.user, person, stars.wanted(request)))
    if refusal:
        return _show(request, person, refusal)
    return stars.answer(request, bool(starred), person.username, person.get_absolute_url())


def _between(
    request: UserRequest, pk: int, write: Callable[[User, User], None], success: str
) -> HttpResponse:
    """Back to the page that ``next`` names (a conversation's menu does), otherwise the profile."""
    person = _person_or_404(request, pk)
    _none, refusal = attempt(lambda: write(request.user, person))
    if refusal:
        return _show(request, person, refusal)
    messages.success(request, success)
    back = own_path(request, request.POST.get("next"))
    return HttpResponseRedirect(back or person.get_absolute_url())


def _show(request: UserRequest, person: User, refusal: Refusal | None = None) -> HttpResponse:
    page = ProfilePage.of(request.user, person, refusal)
    status = refusal.status if refusal else 200
    return render(request, "accounts/profile.html", vars(page), status=status)


def _person_or_404(request: UserRequest, pk: int) -> User:
    return get_object_or_404(User.objects.seen_by(request.user), pk=pk)
