"""What somebody does to sign in with the faculty."""

from contextlib import contextmanager

from allauth.account.models import EmailAddress

LOGIN = "/auth/oidc/faculty/login/"
PASSWORD = "pass-word-1"
MALEE = {"email": "malee@kmitl.ac.th", "email_verified": True, "name": "Malee Dee"}


def begin(client, **fields) -> str:
    """Presses the button, and gives the address at the provider."""
    answer = client.post(LOGIN, fields)
    assert answer.status_code == 302, answer.content
    return answer.url


def sign_in(client, faculty, subject="7", next="", claims=MALEE, **more):
    """All the way there and back; the answer of this site's callback."""
    back = faculty.sign_in(begin(client, next=next), subject, **{**claims, **more})
    return client.get(back)


def sign_up(client, faculty, name="Malee", **more):
    answer = sign_in(client, faculty, **more)
    assert answer.url == "/auth/oidc/faculty/name/"
    return client.post(answer.url, {"username": name})


def is_signed_in(client) -> bool:
    return client.get("/users/me/").status_code == 200


def refused(answer) -> tuple[int, str]:
    html = answer.content.decode()
    return answer.status_code, html.partition('data-faculty-refused="')[2].partition('"')[0]


@contextmanager
def proven(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    yield user
