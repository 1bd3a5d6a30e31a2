"""The site: its parts, files, language and email; the rest stands in modules beside this one."""

import re
from email.utils import parseaddr
from zoneinfo import available_timezones

from setahub.core import env
from setahub.settings.basics import *
from setahub.settings.basics import BASE_DIR, DEBUG
from setahub.settings.data import *
from setahub.settings.faculty import *
from setahub.settings.logs import *
from setahub.settings.people import *
from setahub.settings.security import *

ROOT_URLCONF = "setahub.urls"
ASGI_APPLICATION = "setahub.asgi.application"
WSGI_APPLICATION = "setahub.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django_tasks",
    "setahub.site.apps.BackgroundConfig",  # before ours, whose admin takes the place of its own
    "setahub.site.apps.SiteConfig",
    "setahub.policy.apps.PolicyConfig",
    "setahub.demo.apps.DemoConfig",
    "accounts.apps.AccountsConfig",
    "topics.apps.TopicsConfig",
    "scheduling.apps.SchedulingConfig",
    "chat.apps.ChatConfig",
    "setahub.site.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # for the renderer below
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "setahub.site.middleware.health",
    "setahub.site.middleware.access",
    "setahub.site.middleware.permissions",
    "setahub.site.middleware.retry_after",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "setahub.site.middleware.language",
    "setahub.site.middleware.bounded",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "setahub.site.middleware.htmx",
    "setahub.site.middleware.reader",
    "accounts.middleware.Authentication",
    "accounts.middleware.language",
    "accounts.middleware.PasswordPages",
    "accounts.middleware.LoginRequired",
    "accounts.middleware.last_seen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.auth_limit",
    "accounts.middleware.staff_second_step",
    "django_htmx.middleware.HtmxMiddleware",
    "setahub.site.middleware.ErrorPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["setahub.site.templatetags.ui"],
        },
    }
]

FORM_RENDERER = "setahub.core.web.fields.FieldRenderer"

# --- Files --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / env.text("STATIC_ROOT", "var/static")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
# Answers without a word, the same for everybody: worth no look at the session.
WORDLESS = (MEDIA_URL, "/sw.js")
MEDIA_ROOT = BASE_DIR / env.text("MEDIA_ROOT", "var/media")
STORAGES = {
    "default": {"BACKEND": "setahub.core.storage.MediaStorage"},
    "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

# False: browsers that have the site's service worker take it away (docs/operations.md).
SERVICE_WORKER = env.flag("SERVICE_WORKER", default=True)

# --- Language and time --------------------------------------------------------------------------

LANGUAGES = [("en", "English"), ("th", "ไทย")]  # as those who speak them call them
# The second has what Django and other libraries have no Thai for.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale/libraries"]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en", [code for code, _name in LANGUAGES])
TIME_ZONE = env.checked(
    "TIME_ZONE",
    env.text("TIME_ZONE", "Asia/Bangkok"),
    lambda zone: zone in available_timezones(),
    "a time zone such as Asia/Bangkok",
)
FORMAT_MODULE_PATH = "setahub.site.formats"
USE_I18N = True
USE_TZ = True

# --- Email --------------------------------------------------------------------------------------

_email = env.email("EMAIL_URL", "consolemail://")
globals().update({key: value for key, value in _email.items() if key.isupper()})
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.checked(
    "DEFAULT_FROM_EMAIL",
    env.text("DEFAULT_FROM_EMAIL", "SETAHub <noreply@localhost>"),
    lambda address: re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(address)[1]) is not None,
    "an address such as SETAHub <noreply@setahub.example>",
)
# Whom people ask about their data and the rules; their own coordinators know better than a sender.
CONTACT_EMAIL = env.checked(
    "CONTACT_EMAIL",
    env.text("CONTACT_EMAIL", parseaddr(DEFAULT_FROM_EMAIL)[1]),
    lambda address: re.fullmatch(r"[^@\s]+@[^@\s]+", address) is not None,
    "an address such as setahub@faculty.example",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Whom a push service may tell that this site does it harm.
VAPID_CONTACT = env.checked(
    "VAPID_CONTACT",
    env.text("VAPID_CONTACT", f"mailto:{CONTACT_EMAIL}"),
    lambda contact: (
        re.fullmatch(r"mailto:[^@\s]+@[^@\s]+|https://[^\s/]+(/\S*)?", contact) is not None
    ),
    "mailto: and an address, or the https address of a page",
)
