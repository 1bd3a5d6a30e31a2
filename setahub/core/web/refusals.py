"""A refusal: a service says no, in words, and a page shows it."""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, Self, TypeVar

from django import forms
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods

P = ParamSpec("P")
T = TypeVar("T")

# The HTTP status that a code deserves; any other is a rule, or a lost race.
STATUS = {
    "invalid": 422,
    "too_long": 422,
    "role": 403,
    "not_allowed": 403,
    "blocked": 403,
    "inactive": 403,
    "rate_limited": 429,
    "unavailable": 503,
}
RULE = 409

show_or_post = require_http_methods(["GET", "HEAD", "POST"])


class Refusal(Exception):
    """What a service does not do, in words that a person can read. Each app has its own subclass.

    ``code`` is for programs; ``status`` the HTTP status, that of the code unless given; ``field``
    the form field it belongs beside. Where the message is a list, ``heading`` is what stands before
    it and ``details`` its lines. ``seconds``: until one may try again, with a 429.
    """

    def __init__(
        self,
        code: str,
        message: "str | Promise",
        status: int | None = None,
        field: str | None = None,
        *,
        heading: "str | Promise" = "",
        details: Sequence[Any] = (),
        seconds: int | None = None,
    ) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = str(message)
        self.status = status or STATUS.get(code, RULE)
        self.field = field
        self.heading = str(heading)
        self.details = list(details)
        self.seconds = seconds

    @classmethod
    def beside(cls, field: str, message: "str | Promise") -> Self:
        """What was typed in a field can't be: its name is the code."""
        return cls(field, message, status=422, field=field)


def attempt(write: Callable[[], T]) -> tuple[T | None, Refusal | None]:
    """What ``write`` gives, or the refusal that it raises: the one way for a view to catch it.

    Without its traceback, whose frames would keep the request and all that was looked at.
    """
    try:
        return write(), None
    except Refusal as refusal:
        return None, refusal.with_traceback(None)


def refusal_of(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Refusal | None:
    """Why ``check(*args, **kwargs)`` refuses, or None where it lets it through."""
    return attempt(lambda: check(*args, **kwargs))[1]


class RefusableForm(forms.Form):
    """A form whose values a service may refuse: it shows the words beside the field, or above."""

    refusal: Refusal | None = None  # one that belongs to no field

    def attempt(self, write: Callable[[], T]) -> T | None:
        """What ``write`` gives for a valid form; None where it isn't, or the service refuses."""
        if not self.is_valid():
            return None
        done, refusal = attempt(write)
        if refusal is not None:
            self.refuse(refusal)
        return done

    def refuse(self, refusal: Refusal) -> None:
        """Show it, and answer with its status."""
        self._status = refusal.status
        field = refusal.field if refusal.field in self.fields else None
        if field is None:
            self.refusal = refusal
        params = {"seconds": refusal.seconds} if refusal.seconds else None
        error = forms.ValidationError(refusal.message, code=refusal.code, params=params)
        self.add_error(field, error)

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows the form."""
        return getattr(self, "_status", 422 if self.errors else 200)
