"""Where the site lives: its folders, key and addresses."""

import re
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from setahub.core import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

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
