"""Words for the next page: said, and kept in a cookie that is of this host alone like the others."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect


class Cookie(CookieStorage):
    """Django's, under a name of ours."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Storage(FallbackStorage):
    """Django's: a cookie, or the session for what is too long for one."""

    storage_classes = (Cookie, SessionStorage)


def done(request: HttpRequest, words: str, to: Any) -> HttpResponseRedirect:
    """What was asked for is done: on to ``to``, whatever ``redirect`` takes, where ``words`` say so."""
    messages.success(request, words)
    return redirect(to)
