"""Guesses at passwords and codes: counted before they are checked, on whichever page.

One too many raises ValidationError in words that say when to try again.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from setahub.core.web.cache import CacheAway
from setahub.core.web.ratelimit import Guess, TooMany, Window, guess, refused_for

TOO_MANY = "too_many_login_attempts"  # as allauth calls it


def of_password(email_key: str) -> AbstractContextManager[Guess]:
    """A guess at the password of whoever has this address, or would have it."""
    return _counted(_password_key(email_key), closed=False)


def of_code(user: User) -> AbstractContextManager[Guess]:
    """A guess at somebody's second step, by code or passkey; refused while it can't be counted."""
    return _counted(f"code {user.pk}", closed=True)


def is_password(user: User, raw: str) -> bool:
    """Whether it is their password: a guess, counted."""
    with of_password(user.email_key) as attempt:
        attempt.right = user.check_password(raw)
    return attempt.right


def forget_passwords(user: User) -> None:
    """Whoever has just chosen a new password may use it at once."""
    Window(f"guess {_password_key(user.email_key)}", settings.LOGIN_FAILURES_SECONDS).forget()


def _password_key(email_key: str) -> str:
    return f"password {email_key}"


@contextmanager
def _counted(key: str, *, closed: bool) -> Iterator[Guess]:
    try:
        limit, seconds = settings.LOGIN_FAILURES, settings.LOGIN_FAILURES_SECONDS
        with guess(key, limit, seconds, closed=closed) as attempt:
            yield attempt
    except TooMany as error:
        raise refused_for(error.seconds, _in_words(error.seconds), TOO_MANY) from error
    except CacheAway as error:
        text = _("This can't be checked at the moment. Please try again in a minute.")
        raise ValidationError(text, code="away") from error


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many failed tries. Please try again in %(minutes)d minute.",
        "Too many failed tries. Please try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
