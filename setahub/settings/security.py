"""Cookies, headers, and how much may be sent."""

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy

from setahub.settings.basics import HTTPS

SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
# Under https a browser takes cookies of these names from this host alone, for all of it.
_host = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_host}sessionid"
CSRF_COOKIE_NAME = f"{_host}csrftoken"
MESSAGES_COOKIE_NAME = f"{_host}messages"  # setahub.core.web.messages
MESSAGE_STORAGE = "setahub.core.web.messages.Storage"
# Who is signed in, for scripts (setahub.site.middleware.reader).
READER_COOKIE_NAME = f"{_host}reader"
LANGUAGE_COOKIE_NAME = f"{_host}language"  # what a visitor chose
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # For this host alone: what other hosts of the domain do is not ours to decide.
    SECURE_HSTS_SECONDS = 31_536_000
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # of a sign-in that is remembered
STAFF_SESSION_IDLE = 12 * 3600  # without a request; then it ends
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "setahub.core.web.expired.csrf_failure"
FORM_ADDRESS_FIELDS = ("slot", "topic")  # which a page with a form has in its address
# What fields are called that people type into, for a form that came too late and is shown again.
FORM_LABELS = {
    "avatar": gettext_lazy("Picture"),
    "bio": gettext_lazy("About you"),
    "code": gettext_lazy("Code"),
    "description": gettext_lazy("Description"),
    "done": gettext_lazy("What you did"),
    "email": gettext_lazy("Email"),
    "image": gettext_lazy("Picture"),
    "keywords": gettext_lazy("Keywords"),
    "links": gettext_lazy("Links"),
    "location": gettext_lazy("Place"),
    "login": gettext_lazy("Email"),
    "name": gettext_lazy("Name"),
    "next_step": gettext_lazy("Next step"),
    "notes": gettext_lazy("Notes"),
    "question": gettext_lazy("What do you need help with?"),
    "reason": gettext_lazy("Reason"),
    "student_id": gettext_lazy("Student ID"),
    "text": gettext_lazy("Message"),
    "username": gettext_lazy("Name"),
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "worker-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # forms; files have their own limit
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
PICTURES_IN_TEN_MINUTES = 30  # of one person, messages aside
