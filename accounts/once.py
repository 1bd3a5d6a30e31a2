"""What is sent twice is done once: a second tap, a reload, Back and the same form again.

A form that writes carries ``{% form_key %}`` beside its CSRF token. Its view says so, and writes
through ``once``::

    @sent_once
    def create(request):
        ...
        booking, refusal = attempt(once(request, lambda: bookings.book(...)))
        return redirect(booking) if booking else ...

The key is stored with the address that the first sending led to, in the transaction of what it
wrote. Whoever sends it again is led there, whatever became of that since. A refused form stores
nothing, so its key is still good.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import SentForm, User
from accounts.requests import UserRequest
from setahub.core.storage import atomic_with_pictures

FIELD = "form_key"
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")

Result = TypeVar("Result")
Rest = ParamSpec("Rest")
Target = Callable[[Result], Model | str] | Model | str | None
View = Callable[Concatenate[UserRequest, Rest], HttpResponse]


class SentBefore(Exception):
    """Another request with the same key was faster."""


def once(
    request: UserRequest,
    write: Callable[[], Result],
    to: "Target[Result]" = None,
    *,
    leaves: "Target[Result]" = None,
) -> Callable[[], Result]:
    """``write``, which also keeps its form's key with the address that it leads to.

    ``to`` is what the view will redirect to (a model, an address or the name of one), or gives it of
    the result; the result itself unless given. What ``write`` raises undoes everything. For a view
    under ``sent_once``, which catches SentBefore.

    ``leaves`` is kept for what was sent without a key, where the rows alone don't show later that it
    did this before (see ``left_by``).
    """
    return lambda: _write_once(request, write, to, leaves)


def _write_once(
    request: UserRequest,
    write: Callable[[], Result],
    to: "Target[Result]",
    leaves: "Target[Result]",
) -> Result:
    key = key_of(request)
    if not key and leaves is not None:
        with atomic_with_pictures():
            result = write()
            content, url = _content(request), _address(leaves, result)
            kept = {"content": content, "url": url, "created_at": timezone.now()}
            SentForm.objects.update_or_create(user=request.user, key=content, defaults=kept)
        return result
    if not key:
        return write()
    with atomic_with_pictures():
        result = write()
        url = _address(to, result)
        sent = SentForm(user=request.user, key=key, content=_content(request), url=url)
        try:
            with transaction.atomic():
                sent.save(force_insert=True)
        except IntegrityError as error:
            raise SentBefore from error
    return result


def _address(target: "Target[Result]", result: Result) -> str:
    found = target(result) if callable(target) else target
    return resolve_url(cast(Model, result) if found is None else found)


def sent_once(view: "View[Rest]") -> "View[Rest]":
    """A view whose form, sent again, leads to where the first sending led."""

    @wraps(view)
    def checked(request: UserRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if not key_of(request):
            try:
                return view(request, *args, **kwargs)
            except Http404:
                # What it was about may be gone by the first sending.
                if left := left_by(request):
                    return HttpResponseRedirect(left)
                raise
        if before := _before(request):
            return _to_its_result(request, before)
        try:
            response = view(request, *args, **kwargs)
        except (SentBefore, Http404, PermissionDenied):
            # What the first sending did meanwhile may be why.
            if before := _before(request):
                return _to_its_result(request, before)
            raise
        if response.status_code >= 400 and (before := _before(request)):
            return _to_its_result(request, before)
        return response

    return checked


def left_by(request: UserRequest) -> str:
    """What the same content, sent before without a key, has left behind: an address, or ""."""
    if request.method != "POST" or key_of(request):
        return ""
    before = SentForm.objects.filter(user=request.user, key=_content(request)).first()
    return before.url if before else ""


def keep_sign_up(request: HttpRequest, user: User) -> None:
    """Keep the key of a sign-up with the account that it made; inside the same transaction."""
    if key := key_of(request):
        SentForm.objects.create(user=user, key=key, url=request.path)


def has_signed_up(request: HttpRequest) -> bool:
    """Whether this sign-up was sent before and made an account. It signs nobody in."""
    key = key_of(request)
    return bool(key) and SentForm.objects.filter(key=key, url=request.path).exists()


def key_of(request: HttpRequest) -> str:
    """The key that a posted form carries, or ""."""
    if request.method != "POST":
        return ""
    key = request.POST.get(FIELD, "")
    return key if _KEY.fullmatch(key) else ""


def _before(request: UserRequest) -> SentForm | None:
    return SentForm.objects.filter(user=request.user, key=key_of(request)).first()


def _to_its_result(request: UserRequest, before: SentForm) -> HttpResponse:
    if before.content != _content(request):
        messages.warning(
            request,
            _("This form was sent before. What you changed in it since then is not saved."),
        )
    return HttpResponseRedirect(before.url)


def _content(request: HttpRequest) -> str:
    """A digest of what was typed and which files were chosen."""
    typed = [
        (name, request.POST.getlist(name))
        for name in sorted(request.POST)
        if name not in (FIELD, "csrfmiddlewaretoken")
    ]
    files = [
        (name, file.name, file.size)
        for name in sorted(request.FILES)
        for file in request.FILES.getlist(name)
    ]
    return hashlib.sha256(repr((request.path, typed, files)).encode()).hexdigest()
