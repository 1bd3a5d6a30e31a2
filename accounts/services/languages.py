"""The language that a person reads: chosen on the site, otherwise that of their first visit."""

import contextlib
from contextlib import AbstractContextManager

from django.conf import settings
from django.db import DatabaseError
from django.utils import translation

from accounts.models import User
from accounts.signals import language_chosen

CHOSEN = "language"  # in the session of a visitor: what was chosen before signing in


def choose(user: User, code: str) -> None:
    """From now on the site speaks to them in this language (a code of ``LANGUAGES``)."""
    User.objects.filter(pk=user.pk).update(language=code)
    user.language = code
    language_chosen.send(sender=User, user=user)


def read_by(user: User) -> None:
    """Switch to the user's language. A user without one gets the one that is active."""
    if not user.language:
        with contextlib.suppress(DatabaseError):  # the page is there; this can wait
            choose(user, translation.get_language())
    translation.activate(user.language or settings.LANGUAGE_CODE)


def reading(user: User) -> AbstractContextManager[None]:
    """What is written inside is for this user to read, whoever caused it."""
    return reading_in(user.language)


def reading_in(code: str) -> AbstractContextManager[None]:
    """The same for a reader of this language; "" for one who has none yet."""
    return translation.override(code or settings.LANGUAGE_CODE)
