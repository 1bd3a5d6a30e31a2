"""What asks for the password or passkey again, and when it doesn't."""

import io
import json
import zipfile

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from accounts.tests.passkeys import SoftwareKey
from accounts.tests.test_mfa import REAUTH, code_now, confirmed, proven, with_app
from accounts.tests.test_signing_in import PASSWORD, login
from accounts.tests.test_signup import sign_up

pytestmark = pytest.mark.django_db

DATA, DELETE = "/users/me/data/", "/users/me/delete/"
READY = "/users/me/?data=ready#privacy"
CODE_AGAIN, KEY_AGAIN = "/auth/2fa/reauthenticate/", "/auth/2fa/webauthn/reauthenticate/"
# Each page that asks, as who has an app and recovery codes sees it.
PAGES = [
    DATA,
    "/auth/2fa/totp/deactivate/",
    "/auth/2fa/recovery-codes/",
    "/auth/2fa/recovery-codes/generate/",
    "/auth/2fa/recovery-codes/download/",
    "/auth/2fa/webauthn/add/",
    "/auth/2fa/webauthn/keys/{key}/edit/",
    "/auth/2fa/webauthn/keys/{key}/remove/",
]


@pytest.fixture
def owner(student) -> User:
    return with_app(proven(student))


@pytest.fixture
def pages(owner) -> list[str]:
    key = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Mine"})
    return [page.format(key=key.pk) for page in PAGES]


def text_of(client) -> str:
    return client.get(READY).content.decode()


def asks(client, path) -> bool:
    response = client.get(path)
    return response.status_code == 302 and response.url.startswith(REAUTH)


class TestWhen:
    def test_a_session_left_open_is_asked_on_every_page(self, pages, owner, sign_in, clock):
        client = sign_in(owner)
        assert [page for page in pages if not asks(client, page)] == []
        for page in pages:
            if page not in (DATA, PAGES[2], PAGES[4]):
                assert client.post(page, {"name": "x"}).url.startswith(REAUTH), page
        assert Authenticator.objects.count() == 3

    def test_signing_in_counts_for_five_minutes(self, pages, owner, clock):
        client = Client()
        login(client)
        client.post("/auth/2fa/authenticate/", {"code": code_now()})
        shown = [page for page in pages if "add" not in page]  # the key is made of nothing
        assert [page for page in shown if asks(client, page)] == []
        clock.shift(299)
        assert not asks(client, DATA)
        clock.shift(2)
        assert [page for page in pages if not asks(client, page)] == []

    def test_so_does_showing_it_again(self, owner, sign_in, clock):
        client = confirmed(sign_in(owner))
        clock.shift(299)
        assert not asks(client, DATA)
        clock.shift(2)
        assert asks(client, DATA)

    def test_so_does_signing_up(self, client):
        sign_up(client)
        assert not asks(client, DATA)

    def test_a_factor_just_added_does_not_make_it_longer(self, student, sign_in, clock):
        client = confirmed(sign_in(proven(student)))
        clock.shift(290)
        secret = client.get("/auth/2fa/totp/activate/").context["form"].secret
        client.post("/auth/2fa/totp/activate/", {"code": code_now(secret)})
        assert Authenticator.objects.filter(type="totp").count() == 1
        clock.shift(15)
        assert asks(client, DATA)

    def test_what_somebody_else_showed_in_this_browser_does_not_count(
        self, student, stranger, client
    ):
        login(client)
        client.force_login(stranger)
        assert asks(client, DATA)


class TestGoingOn:
    def test_with_the_password_to_the_page_that_asked(self, owner, sign_in):
        client, page = sign_in(owner), "/auth/2fa/totp/deactivate/"
        away = client.get(page).url
        assert away == f"{REAUTH}?next=%2Fauth%2F2fa%2Ftotp%2Fdeactivate%2F"
        assert f'name="next" value="{page}"' in client.get(away).content.decode()
        assert client.post(REAUTH, {"password": PASSWORD, "next": page}).url == page

    def test_to_the_page_with_the_link_when_a_file_was_asked_for(self, owner, sign_in, clock):
        client = sign_in(owner)
        asked = client.get(client.get(DATA).url)
        page = asked.context["redirect_field_value"]
        assert page == READY
        assert client.post(REAUTH, {"password": PASSWORD, "next": page}).url == READY
        assert "Your data can be downloaded within the next 5 minutes." in text_of(client)
        archive = zipfile.ZipFile(io.BytesIO(b"".join(client.get(DATA).streaming_content)))
        assert "profile.json" in archive.namelist()
        clock.shift(250)
        assert "within the next minute." in text_of(client)
        clock.shift(60)
        assert "can be downloaded" not in text_of(client)

    def test_who_was_not_led_there_is_told_nothing(self, student, client):
        login(client)
        assert "can be downloaded" not in client.get("/users/me/").content.decode()

    def test_so_after_signing_in(self, student, client):
        page = client.get(client.get(DATA).url).context["redirect_field_value"]
        form = {"login": student.email, "password": PASSWORD, "next": page}
        assert client.post("/auth/login/", form).url == READY
        assert "within the next 5 minutes." in text_of(client)

    def test_so_for_the_file_of_recovery_codes(self, owner, sign_in):
        client, page = sign_in(owner), "/auth/2fa/recovery-codes/"
        asked = client.get(client.get(f"{page}download/").url)
        assert asked.context["redirect_field_value"] == page
        confirmed(client)
        assert f'href="{page}download/"' in client.get(page).content.decode()
        assert "attachment" in client.get(f"{page}download/")["Content-Disposition"]

    def test_with_a_code(self, owner, sign_in):
        client = sign_in(owner)
        assert client.post(CODE_AGAIN, {"code": code_now(), "next": DATA}).url == DATA
        assert not asks(client, DATA)

    def test_with_a_passkey(self, student, sign_in, clock):
        client, key = confirmed(sign_in(proven(student))), SoftwareKey()
        page = client.get("/auth/2fa/webauthn/add/")
        made = key.create(page.context["js_data"]["creation_options"])
        client.post("/auth/2fa/webauthn/add/", {"credential": json.dumps(made), "name": "Mine"})
        clock.shift(301)
        assert asks(client, DATA)
        shown = key.get(client.get(KEY_AGAIN).context["js_data"]["request_options"])
        form = {"credential": json.dumps(shown), "next": DATA}
        assert client.post(KEY_AGAIN, form).url == DATA
        assert not asks(client, DATA)

    def test_what_was_sent_is_done_then(self, owner, sign_in):
        client = sign_in(owner)
        away = client.post("/auth/2fa/totp/deactivate/").url
        assert Authenticator.objects.filter(type="totp").exists()
        client.post(REAUTH, {"password": PASSWORD, "next": "/auth/2fa/totp/deactivate/"})
        assert away.startswith(REAUTH)
        assert not Authenticator.objects.filter(type="totp").exists()

    def test_a_wrong_password_goes_nowhere_and_keeps_what_was_sent(self, owner, sign_in):
        client = sign_in(owner)
        client.post("/auth/2fa/totp/deactivate/")
        form = {"password": "wrong", "next": "/auth/2fa/totp/deactivate/"}
        assert client.post(REAUTH, form).status_code == 200
        assert Authenticator.objects.filter(type="totp").exists()
        client.post(REAUTH, {**form, "password": PASSWORD})
        assert not Authenticator.objects.filter(type="totp").exists()

    def test_never_to_another_site(self, owner, sign_in):
        form = {"password": PASSWORD, "next": "https://evil.example/"}
        assert sign_in(owner).post(REAUTH, form).url == "/"


class TestDeleting:
    def test_a_session_left_open_needs_the_password_on_the_page(self, student, sign_in):
        client = sign_in(student)
        assert 'name="password"' in client.get(DELETE).content.decode()
        assert client.post(DELETE).status_code == 422
        assert client.post(DELETE, {"password": PASSWORD}).status_code == 302
        assert User.objects.get().deleted_at is not None

    def test_who_has_just_shown_it_need_not_again(self, student, sign_in):
        client = confirmed(sign_in(student))
        assert 'name="password"' not in client.get(DELETE).content.decode()
        assert client.post(DELETE).status_code == 302
        assert User.objects.get().deleted_at is not None

    def test_but_what_is_typed_must_be_right(self, student, sign_in):
        assert confirmed(sign_in(student)).post(DELETE, {"password": "x"}).status_code == 422

    def test_a_passkey_or_code_does_as_well(self, owner, sign_in):
        client = sign_in(owner)
        page = client.get(DELETE).content.decode()
        assert "/auth/2fa/reauthenticate/?next=/users/me/delete/" in page
        client.post(CODE_AGAIN, {"code": code_now(), "next": DELETE})
        assert client.post(DELETE).status_code == 302


class TestWhoHasNothingToShow:
    """Neither password nor passkey: asked all the same, and told what to do."""

    @pytest.fixture
    def client(self, student, sign_in):
        student.set_unusable_password()
        student.save()
        return sign_in(student)

    @pytest.mark.parametrize(
        "path", [DATA, DELETE, "/auth/2fa/webauthn/add/", "/auth/password/set/"]
    )
    def test_is_let_through_nowhere(self, client, student, path):
        proven(student)
        assert client.get(path).url.startswith(f"{REAUTH}?next=")
        page = client.get(REAUTH)
        assert page.status_code == 403
        assert "Set a password first" in page.content.decode()
        assert client.post(REAUTH, {"password": ""}).status_code == 403
        assert client.get(path).url.startswith(REAUTH)

    def test_nor_to_a_password_of_their_own_making(self, client, student):
        sent = {"password1": "a long new one 47", "password2": "a long new one 47"}
        assert client.post("/auth/password/set/", sent).url.startswith(REAUTH)
        student.refresh_from_db()
        assert not student.has_usable_password()

    def test_nor_to_another_email(self, client, student):
        client.post("/auth/email/", {"email": "new@example.com", "action_add": ""})
        assert not student.emailaddress_set.filter(email="new@example.com").exists()


def test_allauth_still_asks_our_adapter(rf, student, monkeypatch):
    """Its own rule lets through who has nothing to show, and doesn't count signing in."""
    from allauth.account.internal.flows import reauthentication as theirs

    monkeypatch.setattr(
        type(get_adapter()), "is_reauthentication_required", lambda self, *, app: False
    )
    request = rf.get("/")
    request.user = student
    assert theirs.is_reauthentication_required(request, app="allauth.mfa") is False
