"""The language: what a visitor chose, what a user chose, and that nobody gets another's."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User

pytestmark = pytest.mark.django_db

LOGIN = "/auth/login/"


def language_of(response):
    body = response.content.decode()
    return body[body.index('<html lang="') + 12 :].partition('"')[0]


def choose(client, code, **fields):
    return client.post("/language/", {"language": code, **fields})


class TestVisitor:
    def test_reads_what_the_browser_asks_for(self, client):
        for asked, given in [
            ("th", "th"),
            ("th-TH,th;q=0.9,en;q=0.8", "th"),
            ("en-GB,th;q=0.5", "en"),
            ("fr", "en"),
            ("", "en"),
            ("*;q=\x00", "en"),
        ]:
            response = client.get(LOGIN, headers={"accept-language": asked})
            assert language_of(response) == given, asked
            assert response.headers["Content-Language"] == given
            assert {"Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))

    def test_a_picture_is_of_no_language(self, client, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        default_storage.save("avatars/a.webp", ContentFile(b"RIFF"))
        response = client.get("/media/avatars/a.webp", headers={"accept-language": "th"})
        assert response.status_code == 200
        assert "Content-Language" not in response.headers
        assert "Accept-Language" not in response.headers.get("Vary", "")

    def test_the_faculty_says_what_others_read(self, client, settings):
        settings.LANGUAGE_CODE = "th"
        assert language_of(client.get(LOGIN, headers={"accept-language": "fr"})) == "th"

    def test_a_choice_wins_over_the_browser_and_goes_back_to_its_page(self, client):
        response = choose(client, "th", next="/auth/signup/?next=/topics/")
        assert (response.status_code, response.url) == (302, "/auth/signup/?next=/topics/")
        assert language_of(client.get(LOGIN, headers={"accept-language": "en"})) == "th"
        choose(client, "en")
        assert language_of(client.get(LOGIN, headers={"accept-language": "th"})) == "en"

    def test_without_next_the_form_s_own_page_is_shown_again_and_no_page_elsewhere(self, client):
        back = {"referer": "http://testserver/auth/login/?next=/bookings/"}
        assert client.post("/language/", {"language": "th"}, headers=back).url == (
            "http://testserver/auth/login/?next=/bookings/"
        )
        for away in ("http://evil.example/", "//evil.example", "javascript:alert(1)", "http://["):
            assert choose(client, "th", next=away).url == "/"

    def test_the_cookie_is_for_the_server_alone(self, client):
        cookie = choose(client, "th").cookies["language"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert cookie["max-age"] == 365 * 24 * 3600

    def test_no_language_of_the_site_is_refused_and_changes_nothing(self, client):
        for code in ("fr", "", "TH", "th\x00", "../th"):
            response = choose(client, code)
            assert response.status_code == 422
            assert "language" not in response.cookies

    def test_needs_a_token_and_a_post(self):
        client = Client(enforce_csrf_checks=True)
        assert choose(client, "th").status_code == 403
        assert client.get("/language/").status_code == 405

    def test_every_page_offers_the_other_language_by_its_own_name(self, client):
        page = client.get("/").content.decode()
        assert page.count('value="th" lang="th"') == 2  # in the bar and at the foot
        assert "ภาษาไทย" in page
        choose(client, "th")
        assert "English" in client.get("/").content.decode()
        assert 'value="en" lang="en"' not in page
        assert reverse("language") in page


class TestSignedIn:
    def test_a_choice_holds_in_every_browser(self, student, sign_in):
        choose(sign_in(student), "th")
        student.refresh_from_db()
        assert student.language == "th"
        other = sign_in(student)
        other.cookies["language"] = "en"  # of a visitor there
        assert language_of(other.get("/", headers={"accept-language": "en"})) == "th"

    def test_two_people_in_one_process_never_read_each_other_s(self, make_user, sign_in):
        thai = sign_in(make_user("Mali", language="th"))
        english = sign_in(make_user("John"))
        for _turn in range(2):
            assert language_of(thai.get("/topics/")) == "th"
            assert language_of(english.get("/topics/")) == "en"
            assert language_of(thai.get("/nothing/here/")) == "th"
            assert language_of(Client().get(LOGIN)) == "en"
        assert translation.get_language() == "en"

    def test_who_has_none_yet_keeps_that_of_the_first_visit(self, make_user, sign_in):
        user = make_user("Mali", language="")
        client = sign_in(user)
        assert language_of(client.get("/", headers={"accept-language": "th"})) == "th"
        user.refresh_from_db()
        assert user.language == "th"
        assert language_of(client.get("/", headers={"accept-language": "en"})) == "th"

    def test_what_a_visitor_chose_survives_signing_in(self, client, make_user):
        user = make_user("Mali")
        choose(client, "th")
        client.post(LOGIN, {"login": user.email, "password": "pass-word-1"})
        assert language_of(client.get("/")) == "th"
        user.refresh_from_db()
        assert user.language == "th"

    def test_a_cookie_of_somebody_before_changes_nothing_for_who_signs_in(self, client, make_user):
        user = make_user("John")
        client.cookies["language"] = "th"
        client.post(LOGIN, {"login": user.email, "password": "pass-word-1"})
        assert language_of(client.get("/")) == "en"

    def test_what_one_signs_up_in_is_the_first_choice(self, client):
        choose(client, "th")
        fields = {"username": "มะลิ", "email": "mali@example.com"}
        fields |= {"password1": "long-enough-7", "password2": "long-enough-7"}
        assert client.post("/auth/signup/", fields).status_code == 302
        assert User.objects.get(email="mali@example.com").language == "th"
        assert language_of(client.get("/")) == "th"

    @pytest.mark.parametrize(
        ("browser", "language", "greeting"),
        [("en", "th", "สวัสดี Mali!"), ("th", "en", "Hello, Mali!")],
    )
    def test_the_greeting_after_signing_in_is_in_the_language_of_its_page(
        self, client, make_user, browser, language, greeting
    ):
        user = make_user("Mali", language=language)
        client.cookies["language"] = browser
        client.post(LOGIN, {"login": user.email, "password": "pass-word-1"})
        page = client.get("/")
        assert language_of(page) == language
        assert greeting in page.text

    @pytest.mark.parametrize(
        ("browser", "language", "words"),
        [("en", "th", "You are signed out"), ("th", "en", "ออกจากระบบแล้ว")],
    )
    def test_the_farewell_is_in_that_of_the_visitor_who_is_left(
        self, client, make_user, browser, language, words
    ):
        client.force_login(make_user("Mali", language=language))
        client.cookies["language"] = browser
        client.post("/auth/logout/")
        page = client.get("/")
        assert language_of(page) == browser
        assert words in page.text
