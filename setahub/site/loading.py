"""What a server process loads before its first request."""

from django.conf import settings
from django.template import engines
from django.urls import reverse
from django.utils import translation


def load_all() -> None:
    """All addresses with their views, and all template tags.

    Django leaves them to the first request: in a process that a crowd meets at its start a third of a
    second, for which all of them wait.
    """
    engines.all()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            reverse("admin:index")
