"""All settings. What may differ between installations comes from the environment (README)."""

import re
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.http.request import validate_host
from django.utils.translation import gettext_lazy as _
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.connection import parse_url

from setahub.core import env
from setahub.policy import current as policy

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# --- Basics -------------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
HTTPS = env.flag("HTTPS", default=not DEBUG)


def _secret_key() -> str:
    """The key from the environment; in development one made on first run and kept untracked."""
    key = env.text("SECRET_KEY")
    if key:
        return key
    if not DEBUG:
        env.stop("SECRET_KEY", "set to a long random text (it is required unless DEBUG is on)")
    kept = VAR_DIR / "secret_key"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(get_random_secret_key())
        kept.chmod(0o600)
    return kept.read_text().strip()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")  # earlier ones, while they are replaced
ALLOWED_HOSTS = env.checked(
    "ALLOWED_HOSTS",
    env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"]),
    lambda hosts: not any("/" in host for host in hosts),
    "host names such as setahub.example, separated by commas",
)
CSRF_TRUSTED_ORIGINS = env.checked(
    "CSRF_TRUSTED_ORIGINS",
    env.words("CSRF_TRUSTED_ORIGINS"),
    lambda origins: all(re.match(r"https?://[^/]+$", origin) for origin in origins),
    "origins such as https://setahub.example, separated by commas",
)


def _default_site_url() -> str:
    """The first host that is a name rather than a pattern."""
    names = [host.removeprefix(".") for host in ALLOWED_HOSTS if host != "*"]
    return f"{'https' if HTTPS else 'http'}://{names[0] if names else 'localhost'}"


def _is_site_url(url: str) -> bool:
    """Scheme, host that is served here, and perhaps a port; with HTTPS on nothing but https."""
    parts = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?", url)
    return (
        parts is not None
        and parts[1] in (["https"] if HTTPS else ["http", "https"])
        and validate_host(parts[2], ALLOWED_HOSTS)
        and 0 < int(parts[3] or 443) < 65536
    )


# Where links in emails and calendars lead, which are made where there is no request.
SITE_URL = env.checked(
    "SITE_URL",
    env.text("SITE_URL", _default_site_url()).lower(),
    _is_site_url,
    f"{'https' if HTTPS else 'http'}://host or with :port, no path, the host one of ALLOWED_HOSTS",
)
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, low=0, high=10)

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
    "allauth",
    "allauth.account",
    "allauth.mfa",
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
    "setahub.site.middleware.bounded",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "setahub.site.middleware.htmx",
    "setahub.site.middleware.reader",
    "accounts.middleware.Authentication",
    "accounts.middleware.LoginRequired",
    "accounts.middleware.last_seen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.auth_limit",
    "accounts.middleware.staff_second_step",
    "django_htmx.middleware.HtmxMiddleware",
    "setahub.site.middleware.ErrorPages",
    "setahub.site.middleware.sync_only",
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

# --- Data ---------------------------------------------------------------------------------------

_connections = env.number("DATABASE_POOL", 16, low=1, high=500)  # of one process
_database = env.database("DATABASE_URL", "sqlite:///var/setahub.sqlite3")
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if _database["NAME"] != ":memory:":
        _file = BASE_DIR / str(_database["NAME"])  # an absolute path stays as it is
        env.make_folder("DATABASE_URL", _file.parent)
        _database["NAME"] = str(_file)
    # A file is opened once by each thread: opening it anew costs a short page a fifth of its time.
    _database["CONN_MAX_AGE"] = None
    # Without IMMEDIATE and a patient timeout two writers meet as "database is locked".
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;"
        ),
    }
else:
    _database["ENGINE"] = "setahub.core.db.postgres"
    _seconds = env.number("DATABASE_STATEMENT_TIMEOUT", 15, low=0, high=3600, unit="seconds")
    _limits = f"-c statement_timeout={_seconds}s -c idle_in_transaction_session_timeout=60s"
    # Connections are pooled: under ASGI every request has its own thread, and persistent
    # connections of threads would leak. One that died meanwhile is noticed before it is used.
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **({"options": _limits} if _seconds else {}),
        # A server that vanished without a farewell is given up, rather than waited for.
        "connect_timeout": 2,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "prepare_threshold": 5,  # uses of a statement of setahub.core.db.prepared before it is kept
        **(_database.get("OPTIONS") or {}),  # type: ignore[dict-item]
        "pool": {
            "min_size": 1,
            "max_size": _connections,
            "timeout": 3,  # seconds that a request waits for a connection
            "reconnect_timeout": 2,  # then it is tried anew for the next request
        },
    }
DATABASES = {"default": _database}
# Of one Daphne process. Some connections are left to the sockets, and to responses being sent; on
# SQLite more threads would only stand in each other's way.
_sqlite = _database["ENGINE"] == "django.db.backends.sqlite3"
PAGES_AT_ONCE = 4 if _sqlite else max(1, _connections // 2)

REDIS_URL = env.checked(
    "REDIS_URL",
    env.text("REDIS_URL"),
    lambda url: not url or env.can_parse(parse_url, url),
    "redis://host:port/number",
)
CACHES: dict[str, dict[str, Any]]
if REDIS_URL:
    CACHES = {
        "default": {"BACKEND": "setahub.core.web.cache.FailOpenRedisCache", "LOCATION": REDIS_URL}
    }
    CACHES["shared"] = CACHES["default"]
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Beyond it what is counted would be dropped: a way to guess on.
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
    # What the worker must see too: who is online.
    CACHES["shared"] = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(VAR_DIR / "cache"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }

# Messages reach open pages through this. PubSub carries twice what the queueing layer does and loses
# nothing in a burst; frames are hints in any case, and the database is the truth. Neither connecting
# nor sending may keep anybody waiting for a Redis that is away.
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "prefix": "setahub",
                "hosts": [
                    {
                        "address": REDIS_URL,
                        "socket_connect_timeout": 1,
                        "socket_timeout": 1,
                        "retry": Retry(NoBackoff(), 0),
                        "health_check_interval": 20,
                    }
                ],
            },
        }
        if REDIS_URL
        else {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            # One channel takes the events of all sockets. Its groups last as long as the process.
            "CONFIG": {"capacity": 10_000, "group_expiry": 10 * 365 * 24 * 3600},
        }
    )
}

# --- Background work (setahub.core.work.tasks) --------------------------------------------------------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Files --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / env.text("STATIC_ROOT", "var/static")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / env.text("MEDIA_ROOT", "var/media")
STORAGES = {
    "default": {"BACKEND": "setahub.core.storage.MediaStorage"},
    "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

# --- Language and time --------------------------------------------------------------------------

LANGUAGES = [("en", _("English")), ("th", _("Thai"))]
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

# --- Security -----------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
# Under https a browser takes cookies of these names from this host alone, for all of it.
_host = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_host}sessionid"
CSRF_COOKIE_NAME = f"{_host}csrftoken"
MESSAGES_COOKIE_NAME = f"{_host}messages"  # setahub.core.web.messages
MESSAGE_STORAGE = "setahub.core.web.messages.Storage"
READER_COOKIE_NAME = (
    f"{_host}reader"  # who is signed in, for scripts (setahub.site.middleware.reader)
)
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
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # forms; files have their own limit
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- Accounts -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "accounts.hashers.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

ALLOWED_EMAIL_DOMAINS = env.checked(
    "ALLOWED_EMAIL_DOMAINS",
    [domain.lower() for domain in env.words("ALLOWED_EMAIL_DOMAINS")],
    lambda domains: all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", each) for each in domains),
    "domains such as kmitl.ac.th, separated by commas",
)
EMAIL_VERIFICATION = env.choice("EMAIL_VERIFICATION", "optional", ["optional", "mandatory"])
if ALLOWED_EMAIL_DOMAINS:
    # Without the proof anybody could claim an address of the faculty.
    EMAIL_VERIFICATION = "mandatory"
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.tokens.ResetTokenGenerator"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.ChangeEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # to change the email; the second step asks anyway
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a changed password or address
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
# Per address of the network generous (a campus shares one), per account strict. What a crowd may
# meet at we count ourselves (setahub.core.web.ratelimit); allauth the rest.
AUTH_FORMS_A_MINUTE = 300  # from one address, of each page under /auth/
LOGIN_FAILURES = 5
LOGIN_FAILURES_SECONDS = 300
ACCOUNT_RATE_LIMITS = (
    {
        "login": None,
        "signup": None,
        "reset_password_from_key": None,
        "login_failed": None,
        "reset_password": "5/5m/key",
        "change_password": "10/m/user",
        "manage_email": "10/m/user",
        "reauthenticate": "10/m/user",
        "confirm_email": "1/3m/key",
    }
    if RATE_LIMITS
    else False
)

# The second step of signing in. Whether one may be set up is for accounts.mfa to say: allauth's
# own rule would keep who has one from ever changing their email.
STAFF_MFA = env.flag("STAFF_MFA", default=not DEBUG)
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.mfa_forms.CodeForm",
    "reauthenticate": "accounts.mfa_forms.CodeAgainForm",
    "add_webauthn": "accounts.mfa_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.mfa_forms.RenamePasskeyForm",
    "authenticate_webauthn": "accounts.mfa_forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.mfa_forms.PasskeyAgainForm",
    "login_webauthn": "accounts.mfa_forms.PasskeyLoginForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "SETAHub"
MFA_TOTP_TOLERANCE = 1  # codes of half a minute before and after: clocks differ
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"} if RATE_LIMITS else False

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
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Faculty policy: read in rules through setahub.policy.current, never directly --------------------
# These are the defaults: staff change them in the admin. Units are those of policy.NUMBERS.

TA_MIN_YEAR = policy.from_environment("TA_MIN_YEAR", 2)
TA_APPROVAL = env.flag("TA_APPROVAL", default=False)
BOOKING_MIN_NOTICE = policy.from_environment("BOOKING_MIN_NOTICE", 60)
BOOKING_HORIZON = policy.from_environment("BOOKING_HORIZON", 30)
env.checked(
    "BOOKING_MIN_NOTICE",
    BOOKING_MIN_NOTICE,
    lambda minutes: minutes < BOOKING_HORIZON * 24 * 60,
    "shorter than BOOKING_HORIZON: else nothing could be booked",
)
MAX_ACTIVE_BOOKINGS = policy.from_environment("MAX_ACTIVE_BOOKINGS", 5)
LATE_CANCEL = policy.from_environment("LATE_CANCEL", 240)
LATE_CANCEL_GRACE = 15  # minutes: a booking just made may be cancelled freely
NO_SHOW_AFTER = 10  # minutes after the start
OUTCOME_SWITCH = 7  # days after the end: completed <-> no-show
AUTO_COMPLETE = 24  # hours after the end; also the time to report an absent TA
APPOINTMENT_GRID = timedelta(minutes=15)
APPOINTMENT_SLOT_MINUTES = [15, 20, 30, 45, 60]
APPOINTMENT_MAX_LENGTH = 8  # hours
APPOINTMENT_MAX_AHEAD = 180  # days
APPOINTMENT_MAX_REPEAT = 26  # weeks
APPOINTMENT_MAX_SEATS = 20
BOOKING_CHANGES = 30  # of one person in 10 minutes: bookings, moves and cancellations
TOPICS_A_DAY = 10  # of one person
PICTURES_IN_TEN_MINUTES = 30  # of one person, for profile and topics
MESSAGES_PER_MINUTE = 30  # of one user
MESSAGE_IMAGES_PER_MINUTE = 10

# --- Logs ---------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "requests": {"()": "setahub.core.server.logs.RequestLines"},
        "once": {"()": "setahub.core.server.logs.OncePerOutage"},
    },
    "formatters": {
        "line": {
            "()": "setahub.core.server.logs.Line",
            "format": "{asctime} {levelname} {name} [{request_id}]: {message}",
            "style": "{",
        },
    },
    "handlers": {
        "out": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "line",
            "filters": ["requests"],
        }
    },
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "setahub.access": {"level": "WARNING" if DEBUG else "INFO"},
        "fido2": {"level": "WARNING"},  # it would name everybody's keys
        # A traceback every second while Redis is away.
        "channels_redis.pubsub": {"filters": ["once"]},
        "psycopg.pool": {"level": "ERROR"},  # a line for each connection; outages have their own
    },
}
