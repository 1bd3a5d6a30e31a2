"""The faculty's sign-in shows that somebody is still there, and replaces passwords."""

import time

import pytest
import time_machine

from accounts.tests.faculty.steps import (
    LOGIN,
    MALEE,
    PASSWORD,
    begin,
    is_signed_in,
    refused,
    sign_up,
)

pytestmark = pytest.mark.django_db


class TestShowingThatItIsStillThem:
    DATA = "/users/me/data/"

    @pytest.fixture
    def malee(self, client, faculty):
        sign_up(client, faculty)
        with time_machine.travel(time.time() + 301):
            yield client

    def again(self, client, faculty, **claims):
        where = begin(client, next="/users/me/delete/", again="on")
        return client.get(faculty.sign_in(where, "7", **{**MALEE, **claims}))

    def test_the_page_leads_to_the_faculty(self, malee, faculty):
        answer = malee.get("/auth/reauthenticate/?next=/users/me/delete/")
        assert answer.status_code == 200
        assert 'name="again"' in answer.content.decode()
        assert faculty.issuer in answer["Content-Security-Policy"]

    def test_signing_in_there_anew_is_asked_for_and_counts(self, malee, faculty):
        answer = self.again(malee, faculty, auth_time=int(time.time()))
        assert answer.url == "/users/me/delete/"
        assert (faculty.asked[-1]["prompt"], faculty.asked[-1]["max_age"]) == ("login", "0")
        assert malee.get("/users/me/delete/").status_code == 200

    @pytest.mark.parametrize("ago", [None, 600])
    def test_still_being_signed_in_there_does_not(self, malee, faculty, ago):
        moment = None if ago is None else int(time.time()) - ago
        assert refused(self.again(malee, faculty, auth_time=moment)) == (403, "not_anew")
        assert malee.get("/users/me/delete/").status_code == 302

    def test_nor_does_somebody_else(self, malee, faculty):
        where = begin(malee, next="/", again="on")
        back = faculty.sign_in(where, "8", email="other@kmitl.ac.th", email_verified=True)
        assert refused(malee.get(back)) == (403, "another")
        assert malee.get("/users/me/").context["user"].username == "Malee"

    def test_a_sign_in_that_the_provider_did_not_ask_anything_for_does_not(self, client, faculty):
        sign_up(client, faculty)
        assert client.get("/users/me/delete/").status_code == 302


class TestWithoutPasswords:
    @pytest.fixture(autouse=True)
    def _only_the_button(self, faculty, settings):
        settings.PASSWORD_LOGIN = False

    @pytest.mark.parametrize(
        "page",
        [
            "/auth/signup/",
            "/auth/password/reset/",
            "/auth/password/change/",
            "/auth/password/set/",
            "/auth/password/reset/key/x-y/",
        ],
    )
    def test_their_pages_are_not_there(self, client, student, page):
        assert client.get(page).status_code == 404
        client.force_login(student)
        assert client.get(page).status_code == 404

    def test_the_login_page_has_the_button_alone(self, client, student):
        page = client.get("/auth/login/").content.decode()
        assert LOGIN in page
        assert 'type="password"' not in page
        answer = client.post("/auth/login/", {"login": student.email, "password": PASSWORD})
        assert answer.status_code == 404
        assert not is_signed_in(client)

    def test_no_page_leads_to_what_is_not_there(self, client, faculty):
        for page in ("/", "/auth/login/", "/admin/login/", "/topics/"):
            html = client.get(page, follow=True).content.decode()
            assert "/auth/signup/" not in html
            assert "/auth/password/" not in html
        sign_up(client, faculty)
        assert "/auth/password/" not in client.get("/users/me/").content.decode()

    def test_administrators_keep_theirs_at_the_admins_login(self, client, staff, student):
        for user, status in ((student, 200), (staff, 302)):
            user.set_password(PASSWORD)
            user.save()
            sent = {"login": user.email, "password": PASSWORD}
            assert client.post("/admin/login/", sent).status_code == status
        assert is_signed_in(client)

    def test_with_the_same_limit(self, client, staff):
        sent = {"login": staff.email, "password": "wrong-one"}
        for _ in range(5):
            client.post("/admin/login/", sent)
        assert "Too many" in client.post("/admin/login/", sent).content.decode()
