"""Sessions of the site's people, made as a browser would have them after signing in."""

import json

from bench.machine import Environment, inside

# Of those whom seed_scale makes.
STUDENT = "scale1-student-00001@example.com"
TA = "scale1-ta-00001@example.com"
SIGN_IN = """
import json, sys
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.services import sign_ins
from accounts.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore
made = {}
for user in User.objects.filter(**json.loads(sys.argv[1])).order_by("pk")[: int(sys.argv[2])]:
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    sign_ins.note(user, session.session_key, "Firefox")
    made[user.pk] = session.session_key
print(json.dumps(made))
"""


def sessions(environment: Environment, count: int = 1, **where: str) -> dict[int, str]:
    """Session keys by user id of so many users that match."""
    made = inside(environment, SIGN_IN, json.dumps(where), str(count))
    return {int(key): value for key, value in made.items()}


def places(environment: Environment, email: str) -> dict[str, str]:
    """Paths of this person's main pages, by what is there."""
    code = "import sys; from bench.floor import places; places.of(sys.argv[1])"
    found: dict[str, str] = inside(environment, code, email)
    return found
