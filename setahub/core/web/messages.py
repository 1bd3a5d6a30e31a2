"""Words for the next page, in a cookie that is of this host alone like the others."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class Cookie(CookieStorage):
    """Django's, under a name of ours."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Storage(FallbackStorage):
    """Django's: a cookie, or the session for what is too long for one."""

    storage_classes = (Cookie, SessionStorage)
