"""The site's settings as tests want them: no secrets needed, fast hashes, no static manifest.

DATABASE_URL and REDIS_URL count, so that the same tests run on both shapes of the site.
"""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ["DEBUG"] = "False"
os.environ["HTTPS"] = "False"
os.environ["STAFF_MFA"] = "False"  # what it does has tests of its own
os.environ["VAPID_PRIVATE_KEY"] = ""  # likewise: accounts/tests/push

from setahub.settings import *  # noqa: F403
from setahub.settings import CACHES, DATABASES, REDIS_URL, STORAGES

SITE_URL_IS_GIVEN = True

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
if CACHES["default"].get("LOCATION"):
    # Tests that run at once must not empty each other's cache: a database of Redis for each.
    _number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    _server = urlsplit(REDIS_URL)._replace(path=f"/{_number}").geturl()
    CACHES = {"default": {**CACHES["default"], "LOCATION": _server}}
CACHES["shared"] = CACHES["default"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, since threads that race on a database in memory meet other locks than in real life;
    # one for each process, so that runs don't meet.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"setahub-test-{os.getpid()}.sqlite3")
    }
    # Of twenty who write at once the last waited for six seconds at load 15: a busy machine is no failure.
    DATABASES["default"]["OPTIONS"]["timeout"] = 120  # type: ignore[index]
