"""Where the site lives: its folders, key and addresses."""

import re
from collections.abc import Callable
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from setahub.core import env, vapid

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

DEBUG = env.flag("DEBUG", default=False)
HTTPS = env.flag("HTTPS", default=not DEBUG)


def _kept(name: str, make: Callable[[], str]) -> str:
    """In development: a key made on first run and kept untracked."""
    kept = VAR_DIR / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(make())
        kept.chmod(0o600)
    return kept.read_text().strip()


def _secret_key() -> str:
    """The key from the environment, else in development one of its own."""
    key = env.text("SECRET_KEY")
    if not key and not DEBUG:
        env.stop("SECRET_KEY", "set to a long random text (it is required unless DEBUG is on)")
    return key or _kept("secret_key", get_random_secret_key)


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
        and any(_is_host(parts[2], allowed.lower()) for allowed in ALLOWED_HOSTS)
        and 0 < int(parts[3] or 443) < 65536
    )


def _is_host(host: str, allowed: str) -> bool:
    """Whether this line of ALLOWED_HOSTS is about it: ``.example.com`` is about its parts too."""
    return allowed in ("*", host) or (allowed[:1] == "." and f".{host}".endswith(allowed))


# Where links in emails and calendars lead, which are made where there is no request.
SITE_URL = env.checked(
    "SITE_URL",
    env.text("SITE_URL", _default_site_url()).lower(),
    _is_site_url,
    f"{'https' if HTTPS else 'http'}://host or with :port, no path, the host one of ALLOWED_HOSTS",
)
SITE_URL_IS_GIVEN = bool(env.text("SITE_URL", ""))
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, low=0, high=10)

# By it push services know this site; without one there is no push.
VAPID_PRIVATE_KEY = env.checked(
    "VAPID_PRIVATE_KEY",
    env.text("VAPID_PRIVATE_KEY") or (_kept("vapid_key", vapid.new_key) if DEBUG else ""),
    lambda key: not key or env.can_parse(vapid.private_key, key),
    "a key as manage.py vapid prints it",
)
# What push services may be: hosts, and all below them.
PUSH_HOSTS = env.checked(
    "PUSH_HOSTS",
    [
        host.lower()
        for host in env.words(
            "PUSH_HOSTS",
            [
                "fcm.googleapis.com",
                "push.services.mozilla.com",
                "web.push.apple.com",
                "notify.windows.com",
            ],
        )
    ],
    lambda hosts: all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", each) for each in hosts),
    "host names such as fcm.googleapis.com, separated by commas",
)
