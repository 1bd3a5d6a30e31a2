"""Login, logout, passwords, and changing the address."""

import re

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from accounts.hashers import PasswordHasher
from accounts.models import User
from setahub.settings import PASSWORD_HASHERS

PASSWORD = "pass-word-1"
NEW = "another good one 7"
pytestmark = pytest.mark.django_db


def login(client, email="student@example.com", password=PASSWORD, **extra):
    return client.post("/auth/login/", {"login": email, "password": password, **extra})


def signed_in(client) -> bool:
    return client.get("/users/me/").status_code == 200


def link_in(message) -> str:
    return re.findall(r"http://localhost(/\S+)", message.body)[0]


class TestLogin:
    @pytest.mark.parametrize(
        "email",
        [
            "student@example.com",
            "STUDENT@Example.COM",
            " student@example.com ",
            "\u200bstudent@example.com\u00a0",
        ],
    )
    def test_by_email_in_any_case(self, client, student, email):
        assert login(client, email).status_code == 302
        assert signed_in(client)

    def test_goes_where_one_wanted_to_go_and_nowhere_else(self, client, student):
        assert login(client, next="/bookings/").url == "/bookings/"
        client.logout()
        assert login(client, next="https://evil.example/").url == "/"

    def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(self, client, student):
        login(client)
        cookie = client.cookies["sessionid"]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")

    def test_not_remembered_ends_with_the_browser_and_remembered_lasts(self, client, student):
        login(client)
        assert client.cookies["sessionid"]["max-age"] == ""
        client.logout()
        login(client, remember="on")
        assert client.cookies["sessionid"]["max-age"] == 30 * 24 * 3600

    def test_a_wrong_password_and_an_unknown_email_read_the_same(self, client, student):
        wrong = login(client, password="wrong")
        unknown = login(client, "nobody@example.com", "wrong")
        assert wrong.status_code == unknown.status_code == 200
        assert wrong.context["form"].errors == unknown.context["form"].errors

    def test_a_suspended_user_is_out_at_once_and_stays_out(self, client, student):
        login(client)
        User.objects.filter(pk=student.pk).update(is_active=False)
        assert client.get("/users/me/").url == "/auth/login/?next=/users/me/"
        login(client)
        assert not signed_in(client)

    def test_five_wrong_passwords_close_that_account_for_a_while(self, client, student, clock):
        for _ in range(5):
            login(client, password="wrong")
        response = login(client)
        assert not signed_in(client)
        assert "Too many" in response.content.decode()
        clock.shift(301)
        login(client)
        assert signed_in(client)

    def test_which_leaves_others_on_the_same_network_alone(self, client, student, make_user):
        make_user("Neighbour", email="neighbour@example.com")
        for _ in range(20):
            login(client, password="wrong")
        other = Client()
        login(other, "neighbour@example.com")
        assert signed_in(other)

    @pytest.mark.parametrize(
        "path",
        ["/auth/login/", "/auth/signup/", "/auth/password/reset/", "/auth/password/reset/key/"],
    )
    def test_a_campus_shares_an_address_up_to_a_limit_a_minute(
        self, client, db, settings, clock, path
    ):
        settings.AUTH_FORMS_A_MINUTE = 3
        ends = ["1-a/", "1-b/", "1-c/", "1-d/"] if path.endswith("key/") else [""] * 4
        assert [client.post(path + end).status_code for end in ends] == [200, 200, 200, 429]
        assert client.get("/auth/login/").status_code == 200
        clock.shift(61)
        assert client.post(path + ends[0]).status_code == 200

    def test_limits_can_be_off_for_load_tests(self, client, student, settings):
        settings.RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS = False
        for _ in range(8):
            login(client, password="wrong")
        login(client)
        assert signed_in(client)

    def test_garbage_is_an_error_beside_the_field(self, client):
        assert login(client, "\0", "\0").status_code == 200
        assert login(client, "", "").status_code == 200


class TestHashing:
    def test_passwords_are_kept_as_argon2id(self):
        hashed = PasswordHasher().encode("pass-word-1", "a-salt-of-16-byte")
        assert hashed.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        assert PASSWORD_HASHERS[0] == "accounts.hashers.PasswordHasher"

    def test_one_kept_otherwise_is_kept_this_way_after_the_next_login(
        self, client, student, settings
    ):
        settings.PASSWORD_HASHERS = PASSWORD_HASHERS
        student.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
        student.save()
        login(client)
        student.refresh_from_db()
        assert student.password.startswith("argon2$argon2id$")


class TestLogout:
    def test_needs_a_post(self, sign_in, student):
        client = sign_in(student)
        assert client.get("/auth/logout/").status_code == 200
        assert signed_in(client)
        client.post("/auth/logout/")
        assert not signed_in(client)


class TestPasswordChange:
    def change(self, client, old=PASSWORD, new=NEW, again=NEW):
        return client.post(
            "/auth/password/change/", {"oldpassword": old, "password1": new, "password2": again}
        )

    def test_ends_all_other_sessions_of_that_user(self, sign_in, student):
        here, elsewhere = sign_in(student), sign_in(student)
        assert self.change(here).status_code == 302
        assert signed_in(here)
        assert not signed_in(elsewhere)

    @pytest.mark.parametrize(
        "wrong", [{"old": "wrong"}, {"again": "different"}, {"new": "short", "again": "short"}]
    )
    def test_changes_nothing_when_something_is_wrong(self, sign_in, student, wrong):
        client = sign_in(student)
        assert self.change(client, **wrong).status_code == 200
        student.refresh_from_db()
        assert student.check_password(PASSWORD)


class TestPasswordReset:
    def ask(self, client, email="student@example.com"):
        return client.post("/auth/password/reset/", {"email": email})

    def test_the_link_works_once_and_the_old_password_until_then(self, client, student, post):
        self.ask(client)
        path = link_in(post()[0])
        login(Client())
        form = client.get(path, follow=True)
        student.refresh_from_db()
        assert student.check_password(PASSWORD)
        done = client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
        assert done.status_code == 302
        student.refresh_from_db()
        assert student.check_password(NEW)

        again = Client()
        page = again.get(path, follow=True)
        again.post(
            page.request["PATH_INFO"], {"password1": "third one 99", "password2": "third one 99"}
        )
        student.refresh_from_db()
        assert student.check_password(NEW)

    def test_it_ends_all_sessions(self, client, sign_in, student, post):
        elsewhere = sign_in(student)
        self.ask(client)
        form = client.get(link_in(post()[0]), follow=True)
        client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
        assert not signed_in(elsewhere)

    def test_never_tells_whether_an_email_is_registered(self, client, student, post):
        known, unknown = self.ask(client), self.ask(client, "nobody@example.com")
        assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
        assert [message.to for message in post()] == [["student@example.com"]]


def test_the_door_shows_login_or_oneself(client, sign_in, student):
    assert client.get("/auth/").url == "/auth/login/"
    assert sign_in(student).get("/auth/").url == "/users/me/"
