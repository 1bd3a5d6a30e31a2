"""Sessions of the site's people, made as a browser would have them after signing in."""

import json
import subprocess

from bench.machine import PYTHON, ROOT, Environment

SIGN_IN = """
import django, json, sys
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore
made = {}
for user in User.objects.filter(**json.loads(sys.argv[1])).order_by("pk")[: int(sys.argv[2])]:
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    made[user.pk] = session.session_key
print(json.dumps(made))
"""


def sessions(environment: Environment, count: int = 1, **where: str) -> dict[int, str]:
    """Session keys by user id of so many users that match."""
    command = [PYTHON, "-c", SIGN_IN, json.dumps(where), str(count)]
    out = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout
    return {int(key): value for key, value in json.loads(out.splitlines()[-1]).items()}
