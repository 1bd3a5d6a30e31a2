"""Two-step sign-in: who may set it up, that it is asked for, that it can be lost and found."""

import json
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.adapters.mfa import MFAAdapter
from accounts.models import User
from accounts.tests.passkeys import SoftwareKey
from accounts.tests.test_signing_in import PASSWORD, login, signed_in

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXP"
REAUTH, SECOND_STEP = "/auth/reauthenticate/", "/auth/2fa/authenticate/"


def code_now(secret: str = SECRET, step: int = 0) -> str:
    """What the app shows now, or so many half minutes later. Source: RFC 6238."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def wrong_code() -> str:
    near = {code_now(step=step) for step in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


def with_app(user: User) -> User:
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def with_key(user: User) -> SoftwareKey:
    """A passkey of this user."""
    key = SoftwareKey()
    credential = key.create({"publicKey": {"rp": {"id": "testserver"}, "challenge": "AAAA"}})
    data = {"name": "Mine", "credential": credential, "passwordless": True}
    Authenticator.objects.create(user=user, type="webauthn", data=data)
    return key


def proven(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def confirmed(client: Client) -> Client:
    """The client has just typed the password again."""
    client.post(REAUTH, {"password": PASSWORD})
    return client


class TestSettingUpAnApp:
    def test_shows_a_picture_that_the_policy_allows_and_takes_the_code(self, sign_in, student):
        client = confirmed(sign_in(proven(student)))
        page = client.get("/auth/2fa/totp/activate/").content.decode()
        assert '<svg viewBox="0 0 ' in page
        assert "data:image" not in page
        secret = re.findall(r"data-totp-secret>([A-Z2-7]+)<", page)[0]
        response = client.post("/auth/2fa/totp/activate/", {"code": code_now(secret)})
        assert (response.status_code, response.url) == (302, "/auth/2fa/recovery-codes/")
        assert {each.type for each in Authenticator.objects.all()} == {"totp", "recovery_codes"}

    def test_a_wrong_code_sets_up_nothing_and_keeps_the_picture(self, sign_in, student):
        client = confirmed(sign_in(proven(student)))
        page = client.get("/auth/2fa/totp/activate/").content.decode()
        secret = re.findall(r"data-totp-secret>([A-Z2-7]+)<", page)[0]
        again = client.post("/auth/2fa/totp/activate/", {"code": "12345"}).content.decode()
        assert "right. Please try again." in again
        assert secret in again
        assert Authenticator.objects.count() == 0

    def test_asks_for_the_password_first(self, sign_in, student):
        client = sign_in(proven(student))
        for path in ("totp/activate/", "webauthn/add/"):
            response = client.get(f"/auth/2fa/{path}")
            assert response.url == f"{REAUTH}?next=%2Fauth%2F2fa%2F{path.replace('/', '%2F')}"

    @pytest.mark.django_db(transaction=True)
    def test_tells_the_owner_by_email(self, sign_in, student, post):
        client = confirmed(sign_in(proven(student)))
        form = client.get("/auth/2fa/totp/activate/").context["form"]
        client.post("/auth/2fa/totp/activate/", {"code": code_now(form.secret)})
        assert [(each.to, each.subject) for each in post()] == [
            (["student@example.com"], "An authenticator app was set up")
        ]
        assert "takes a second step" in post()[0].body


class TestWhoMay:
    """Else somebody signs up with another's address and locks its owner out for good."""

    @pytest.mark.parametrize("path", ["totp/activate/", "webauthn/add/"])
    @pytest.mark.parametrize("record", [None, False])
    def test_not_before_the_email_is_confirmed(self, sign_in, student, path, record):
        if record is not None:
            EmailAddress.objects.create(user=student, email=student.email, verified=record)
        client = confirmed(sign_in(student))
        for method in (client.get, client.post):
            assert method(f"/auth/2fa/{path}").url == "/auth/2fa/"
        page = client.get("/auth/2fa/").content.decode()
        assert "First confirm your email." in page
        assert "/auth/2fa/totp/activate/" not in page

    def test_a_wish_for_another_email_keeps_nobody_from_it(self, sign_in, student):
        EmailAddress.objects.create(user=proven(student), email="new@example.com")
        assert confirmed(sign_in(student)).get("/auth/2fa/totp/activate/").status_code == 200

    def test_staff_may_before_the_site_can_send_mail(self, sign_in, staff):
        assert confirmed(sign_in(staff)).get("/auth/2fa/totp/activate/").status_code == 200

    def test_who_has_it_can_still_change_their_email(self, sign_in, student, post):
        client = confirmed(sign_in(with_app(proven(student))))
        client.post("/auth/email/", {"email": "new@example.com", "action_add": ""})
        assert {message.to[0] for message in post()} == {"new@example.com", "student@example.com"}


class TestSigningIn:
    def test_takes_password_and_code(self, client, student):
        with_app(student)
        assert login(client).url == "/auth/2fa/authenticate/"
        assert not signed_in(client)
        page = client.get("/auth/2fa/authenticate/").content.decode()
        assert "Use a passkey" not in page  # there is none
        response = client.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert (response.status_code, response.url) == (302, "/")
        assert signed_in(client)

    def test_keeps_where_one_wanted_to_go_and_to_be_remembered(self, client, student):
        with_app(student)
        login(client, next="/bookings/", remember="on")
        response = client.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert response.url == "/bookings/"
        assert client.cookies["sessionid"]["max-age"] == 30 * 24 * 3600

    @pytest.mark.parametrize("step", [-1, 1])
    def test_takes_the_code_of_a_clock_that_is_a_little_off(self, client, student, clock, step):
        with_app(student)
        login(client)
        client.post("/auth/2fa/authenticate/", {"code": code_now(step=step)})
        assert signed_in(client)

    def test_refuses_a_wrong_code_and_one_used_already(self, client, student, clock):
        with_app(student)
        login(client)
        client.post("/auth/2fa/authenticate/", {"code": wrong_code()})
        assert not signed_in(client)
        client.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert signed_in(client)
        thief = Client()
        login(thief)
        thief.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert not signed_in(thief)

    def test_five_wrong_codes_close_the_account_for_a_while(self, client, student, clock):
        with_app(student)
        login(client)
        for _ in range(5):
            client.post("/auth/2fa/authenticate/", {"code": wrong_code()})
        response = client.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert "Too many" in response.content.decode()
        clock.shift(301)
        client.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert signed_in(client)

    def test_a_recovery_code_lets_in_once(self, client, student):
        with_app(student)
        code = RecoveryCodes.activate(student).get_unused_codes()[0]
        login(client)
        client.post("/auth/2fa/authenticate/", {"code": code})
        assert signed_in(client)
        other = Client()
        login(other)
        other.post("/auth/2fa/authenticate/", {"code": code})
        assert not signed_in(other)

    def test_without_a_second_step_nothing_changes(self, client, student):
        assert login(client).url == "/"

    @pytest.mark.parametrize(
        "garbage",
        ["", "{}", "[]", "null", "x", '{"id": 1}', '"\\u0000"', "[" * 100_000, '{"id": "A"}'],
    )
    def test_garbage_for_a_passkey_is_no_error_of_ours(self, client, student, garbage):
        with_app(student)
        assert client.post("/auth/2fa/webauthn/login/", {"credential": garbage}).status_code == 302
        login(client)
        response = client.post("/auth/2fa/authenticate/", {"credential": garbage})
        assert response.status_code == 200
        assert not signed_in(client)


class TestRecoveryCodes:
    def test_can_be_seen_saved_and_made_anew_by_their_owner(self, sign_in, student):
        client = confirmed(sign_in(with_app(student)))
        codes = RecoveryCodes.activate(student).get_unused_codes()
        page = client.get("/auth/2fa/recovery-codes/").content.decode()
        assert all(code in page for code in codes)
        saved = client.get("/auth/2fa/recovery-codes/download/")
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert all(code in saved.content.decode() for code in codes)
        client.post("/auth/2fa/recovery-codes/generate/")
        assert not set(RecoveryCodes.activate(student).get_unused_codes()) & set(codes)

    def test_are_shown_only_after_the_password(self, sign_in, student):
        client = sign_in(with_app(student))
        for path in ("", "download/", "generate/"):
            assert client.get(f"/auth/2fa/recovery-codes/{path}").url.startswith(REAUTH)

    def test_are_not_there_for_others(self, sign_in, student, stranger):
        with_app(student)
        client = confirmed(sign_in(stranger))
        assert client.get("/auth/2fa/recovery-codes/").status_code == 404
        assert client.get("/auth/2fa/recovery-codes/download/").status_code == 404


class TestRemoving:
    def test_the_app_takes_the_recovery_codes_along(self, sign_in, student, post):
        client = confirmed(sign_in(with_app(student)))
        assert client.post("/auth/2fa/totp/deactivate/").url == "/auth/2fa/"
        assert Authenticator.objects.count() == 0
        assert [message.subject for message in post()] == ["Your authenticator app was removed"]

    def test_somebody_elses_passkey_is_not_there(self, sign_in, student, stranger):
        key = Authenticator.objects.create(user=student, type="webauthn", data={"name": "Mine"})
        client = confirmed(sign_in(stranger))
        for path in ("edit", "remove"):
            address = f"/auth/2fa/webauthn/keys/{key.pk}/{path}/"
            assert client.get(address).status_code == 404
            assert client.post(address, {"name": "Yours"}).status_code == 404
        key.refresh_from_db()
        assert key.data == {"name": "Mine"}

    def test_staff_help_who_has_lost_everything(self, sign_in, staff, student):
        with_app(student)
        elsewhere, helper = sign_in(student), sign_in(staff)
        form = {"action": "remove_factors", "_selected_action": [student.pk]}
        asked = helper.post("/admin/accounts/user/", form).content.decode()
        assert "from then on the password alone is enough" in asked
        assert f"<li>{student}</li>" in asked
        assert Authenticator.objects.count() == 2
        assert signed_in(elsewhere)
        form["confirm"] = "1"
        page = helper.post("/admin/accounts/user/", form, follow=True).content.decode()
        assert "Remove the second step: 1 done." in page
        assert Authenticator.objects.count() == 0
        assert not signed_in(elsewhere)

    def test_staff_with_fewer_powers_leave_administrators_alone(self, sign_in, make_user, staff):
        from django.contrib.auth.models import Permission

        helper = make_user("Helper", is_staff=True)
        helper.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
        with_app(staff)
        form = {"action": "remove_factors", "_selected_action": [staff.pk], "confirm": "1"}
        page = sign_in(helper).post("/admin/accounts/user/", form, follow=True).content.decode()
        assert "Only a superuser can do this for staff." in page
        assert Authenticator.objects.count() == 2

    def test_the_command_helps_the_last_administrator(self, staff, capsys):
        with_app(staff)
        call_command("remove_factors", "STAFF@example.com")
        assert capsys.readouterr().out.startswith("Staff: 2 removed")
        assert Authenticator.objects.count() == 0
        with pytest.raises(CommandError, match="no second step"):
            call_command("remove_factors", staff.email)
        with pytest.raises(CommandError, match="Nobody"):
            call_command("remove_factors", "nobody@example.com")

    def test_the_admin_shows_no_secret(self, sign_in, staff, student):
        key = TOTP.activate(student, SECRET).instance
        client = sign_in(staff)
        for path in ("", f"{key.pk}/change/"):
            assert SECRET not in client.get(f"/admin/mfa/authenticator/{path}").content.decode()
        assert client.post(f"/admin/mfa/authenticator/{key.pk}/change/", {}).status_code == 403
        assert client.post(f"/admin/mfa/authenticator/{key.pk}/delete/").status_code == 403


class TestPasskeys:
    """With a key made of software; a browser's own is in setahub/tests/browser/test_security.py."""

    @pytest.fixture
    def key(self) -> SoftwareKey:
        return SoftwareKey()

    def add(self, client: Client, key: SoftwareKey, **fields):
        page = client.get("/auth/2fa/webauthn/add/")
        made = key.create(page.context["js_data"]["creation_options"])
        form = {"credential": json.dumps(made), "name": "Mine", "passwordless": "on", **fields}
        return client.post("/auth/2fa/webauthn/add/", form)

    def test_are_added_and_sign_in_without_a_password(self, client, sign_in, student, key, post):
        assert self.add(confirmed(sign_in(proven(student))), key).status_code == 302
        assert [message.subject for message in post()] == ["A passkey was added"]
        options = client.get("/auth/2fa/webauthn/login/", headers={"accept": "application/json"})
        shown = key.get(options.json()["request_options"], user=student)
        form = {"credential": json.dumps(shown), "next": "/bookings/"}
        assert client.post("/auth/2fa/webauthn/login/", form).url == "/bookings/"
        assert signed_in(client)

    def test_are_a_second_step(self, client, sign_in, student, key):
        self.add(confirmed(sign_in(proven(student))), key)
        assert login(client).url == "/auth/2fa/authenticate/"
        page = client.get("/auth/2fa/authenticate/")
        shown = key.get(page.context["js_data"]["request_options"])
        client.post("/auth/2fa/authenticate/", {"credential": json.dumps(shown)})
        assert signed_in(client)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"signature": "AAAA"},
            {"origin": "https://evil.example"},
            {"challenge": "AAAA"},
            {"flags": 0},
            {"rp": "evil.example"},
        ],
        ids=["signature", "origin", "challenge", "nobody there", "site"],
    )
    def test_that_are_not_right_let_nobody_in(self, client, sign_in, student, key, wrong):
        self.add(confirmed(sign_in(proven(student))), key)
        login(client)
        page = client.get("/auth/2fa/authenticate/")
        shown = key.get(page.context["js_data"]["request_options"], **wrong)
        response = client.post("/auth/2fa/authenticate/", {"credential": json.dumps(shown)})
        assert response.status_code == 200
        assert not signed_in(client)
        assert "right. Please try again." in response.content.decode()

    def test_of_one_person_do_not_open_anothers_account(self, client, sign_in, ta, student, key):
        self.add(confirmed(sign_in(proven(student))), key)
        options = client.get("/auth/2fa/webauthn/login/", headers={"accept": "application/json"})
        shown = key.get(options.json()["request_options"], user=ta)
        client.post("/auth/2fa/webauthn/login/", {"credential": json.dumps(shown)})
        assert not signed_in(client)

    def test_a_key_that_proves_nobody_present_is_no_password(self, sign_in, student, key):
        key.verifies = False
        client = confirmed(sign_in(proven(student)))
        assert self.add(client, key).status_code == 200
        assert self.add(client, key, passwordless="").status_code == 302

    @pytest.mark.parametrize(
        "garbage", ["", "{}", "null", '{"id": "A", "rawId": "A"}', "[" * 100_000]
    )
    def test_garbage_adds_none(self, sign_in, student, garbage):
        client = confirmed(sign_in(proven(student)))
        client.get("/auth/2fa/webauthn/add/")
        response = client.post("/auth/2fa/webauthn/add/", {"credential": garbage, "name": "x"})
        assert response.status_code == 200
        assert Authenticator.objects.count() == 0

    def test_one_that_is_not_right_may_be_tried_again_at_once(self, sign_in, student, key):
        client = confirmed(sign_in(proven(student)))
        self.add(client, key)
        address = "/auth/2fa/webauthn/reauthenticate/"
        options = client.get(address).context["js_data"]["request_options"]
        wrong = key.get(options, signature="AAAA")
        response = client.post(address, {"credential": json.dumps(wrong)})
        assert (response.status_code, response.wsgi_request.path) == (200, address)
        right = key.get(response.context["js_data"]["request_options"])
        form = {"credential": json.dumps(right), "next": "/users/me/"}
        assert client.post(address, form).url == "/users/me/"

    def test_a_name_can_be_changed_and_ends_somewhere(self, sign_in, student, key):
        client = confirmed(sign_in(proven(student)))
        self.add(client, key)
        stored = Authenticator.objects.get(type="webauthn")
        address = f"/auth/2fa/webauthn/keys/{stored.pk}/edit/"
        assert list(client.post(address, {"name": "x" * 61}).context["form"].errors) == ["name"]
        assert client.post(address, {"name": "กุญแจ"}).status_code == 302
        assert "กุญแจ" in client.get("/auth/2fa/webauthn/").content.decode()

    def test_are_removed_by_their_owner(self, sign_in, student, key):
        client = confirmed(sign_in(proven(student)))
        self.add(client, key)
        stored = Authenticator.objects.get(type="webauthn")
        address = f"/auth/2fa/webauthn/keys/{stored.pk}/remove/"
        assert "Remove “Mine”?" in client.get(address).content.decode()
        assert client.post(address).url == "/auth/2fa/webauthn/"
        assert Authenticator.objects.count() == 0

    def test_names_given_unasked_tell_keys_apart(self, student):
        adapter = MFAAdapter()
        assert adapter.generate_authenticator_name(student, "webauthn") == "Passkey"
        Authenticator.objects.create(user=student, type="webauthn", data={})
        assert adapter.generate_authenticator_name(student, "webauthn") == "Passkey 2"
