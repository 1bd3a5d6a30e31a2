"""``/sw.js``: what the service worker has to know, and the scripts that it is made of.

What it does stands in ``static/sw``. A browser takes a new worker when this text changes, which names
all that the worker keeps: so its version follows from the contents, and nobody has to count it up.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse

from setahub.core.web.static import STYLESHEET, imported
from setahub.site.installed import offline

# In the order in which the worker takes them in.
PARTS = ["sw/offline.js", "sw/push.js"]
# The worker of a site that has none (SERVICE_WORKER): it tidies up and leaves.
FAREWELL = ["sw/farewell.js"]
# The shell: what every page and the offline page load.
FILES = [
    "css/site.css",
    "img/logo.svg",
    "js/badges.js",
    "js/bell.js",
    "js/http.js",
    "js/installed.js",
    "js/offline.js",
    "js/reader.js",
    "js/site.js",
    "js/socket.js",
    "js/submit.js",
    "js/toast.js",
]
# Addresses that the worker hands on as they come: of staff, of files, of the sign-in elsewhere.
STRAIGHT = [settings.MEDIA_URL, settings.STATIC_URL, "/messages/images/", "/auth/oidc/"]
STRAIGHT_ENDS = [".ics"]
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


def script() -> str:
    """The text of ``/sw.js``."""
    if not settings.SERVICE_WORKER:
        return _imports([static(name) for name in FAREWELL])
    names = [*FILES, *_sheets()]
    files, parts = [static(name) for name in names], [static(name) for name in PARTS]
    plain = [
        hashlib.sha256(_contents(name)).hexdigest()
        for name, url in zip([*names, *PARTS], [*files, *parts], strict=True)
        if not HASHED.search(url)
    ]
    return _script(tuple(files), tuple(parts), tuple(plain))


@lru_cache(maxsize=2)
def _script(files: Sequence[str], parts: Sequence[str], contents: Sequence[str]) -> str:
    pages = [offline.of_nobody(code) for code, _name in settings.LANGUAGES]
    made_of = json.dumps([files, parts, contents, pages])
    shell = {
        "version": hashlib.sha256(made_of.encode()).hexdigest()[:16],
        "files": files,
        "page": reverse("offline"),
        "reader": settings.READER_COOKIE_NAME,
        "straight": {"begin": _straight(), "end": STRAIGHT_ENDS},
    }
    return f"self.shell = {json.dumps(shell, indent=1)};\n{_imports(parts)}"


def _straight() -> list[str]:
    names = ("admin:index", "accounts:download", "mfa_download_recovery_codes")
    return [*STRAIGHT, *map(reverse, names)]


def _imports(urls: Sequence[str]) -> str:
    return f"importScripts({', '.join(map(json.dumps, urls))});\n"


def _sheets() -> list[str]:
    """Where files have no hash in their names (DEBUG), the stylesheet is not yet one file."""
    if HASHED.search(static(STYLESHEET)):
        return []
    return [f"css/{name}" for name in imported(_contents(STYLESHEET).decode())]


def _contents(name: str) -> bytes:
    """What is in a file now; in production its name tells that."""
    path = finders.find(name)
    return Path(str(path)).read_bytes() if path else b""
