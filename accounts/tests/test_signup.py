"""Signing up, and who may."""

import re

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.test_signing_in import link_in
from accounts.validators import validate_username

FORM = {
    "username": "ปิติ รักเรียน",
    "email": "Somchai@Example.com",
    "password1": "a long password 42",
}


def sign_up(client, **changes):
    return client.post("/auth/signup/", {**FORM, **changes})


def errors(response) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


@pytest.mark.django_db
class TestSignup:
    def test_makes_an_account_and_signs_in(self, client, post):
        response = sign_up(client, student_id="65010001", year="2")
        assert (response.status_code, response.url) == (302, "/")
        user = User.objects.get()
        assert (user.username, user.email, user.student_id, user.year) == (
            "ปิติ รักเรียน",
            "somchai@example.com",
            "65010001",
            2,
        )
        assert client.session["_auth_user_id"] == str(user.pk)
        assert [message.to for message in post()] == [["somchai@example.com"]]

    def test_needs_no_more_than_name_email_and_password(self, client):
        assert sign_up(client).status_code == 302
        assert (User.objects.get().student_id, User.objects.get().year) == (None, None)

    def test_two_people_without_a_student_id_are_fine(self, client, student):
        assert sign_up(client, email="b@example.com", username="มะลิ").status_code == 302
        assert User.objects.count() == 2

    def test_passwords_are_kept_with_argon2(self, client, settings):
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
        sign_up(client)
        assert User.objects.get().password.startswith("argon2$argon2id$")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("username", "x"),
            ("username", " x "),
            ("username", "a" * 51),
            ("username", "two  spaces"),
            ("username", "semi;colon"),
            ("username", "a\0b"),
            ("username", "<b>bold</b>"),
            ("email", "nobody"),
            ("email", ""),
            ("password1", "short"),
            ("password1", "12345678901"),
            ("password1", ""),
            ("student_id", "1234567"),
            ("student_id", "123456789"),
            ("student_id", "1234567x"),
            ("student_id", "๑๒๓๔๕๖๗๘"),
            ("year", "0"),
            ("year", "9"),
            ("year", "two"),
        ],
    )
    def test_says_beside_the_field_what_is_wrong(self, client, field, value):
        assert list(errors(sign_up(client, **{field: value}))) == [field]
        assert User.objects.count() == 0

    def test_keeps_what_was_typed(self, client):
        page = sign_up(client, student_id="12").content.decode()
        assert 'value="ปิติ รักเรียน"' in page
        assert 'value="12"' in page

    @pytest.mark.parametrize(
        ("stored", "typed"),
        [("Straße", "STRASSE"), ("น้ำฝน", " น้ำฝน "), ("Café", "cafe\u0301"), ("ΣΑΣ", "σας")],
    )
    def test_a_name_is_taken_without_regard_to_case(self, client, make_user, stored, typed):
        make_user(stored, email="other@example.com")
        assert errors(sign_up(client, username=typed)) == {"username": ["This name is taken."]}

    def test_an_email_is_taken_without_regard_to_case(self, client, student):
        found = errors(sign_up(client, email=student.email.upper()))
        assert list(found) == ["email"]

    def test_a_student_id_is_taken(self, client, make_user):
        make_user("First", student_id="65010001")
        assert errors(sign_up(client, student_id="65010001")) == {
            "student_id": ["An account with this student ID exists already."]
        }

    def test_extra_fields_change_nothing(self, client):
        sign_up(client, is_staff="on", is_superuser="on", id="7")
        user = User.objects.get()
        assert (user.is_staff, user.is_superuser) == (False, False)


@pytest.mark.django_db
class TestSentTwice:
    """A second tap, or Back and the same form again."""

    WORDS = "Your account exists already: please sign in."

    def test_with_the_session_it_made_it_leads_home(self, client):
        sign_up(client)
        again = sign_up(client)
        assert (again.status_code, again.url) == (302, "/")
        assert User.objects.count() == 1

    def test_without_that_session_it_leads_to_signing_in_and_signs_nobody_in(self, client):
        sign_up(client, student_id="65010001", year="2")
        other = Client()
        again = sign_up(other, student_id="65010001", year="2", next="/bookings/")
        assert (again.status_code, again.url) == (302, "/auth/login/?next=%2Fbookings%2F")
        assert self.WORDS in other.get(again.url).content.decode()
        assert "_auth_user_id" not in other.session
        assert User.objects.count() == 1

    def test_by_its_key_it_is_known_whatever_became_of_the_account(self, client):
        page = client.get("/auth/signup/").content.decode()
        key = re.search(r'name="form_key" value="([0-9a-f]{32})"', page)[1]
        sign_up(client, form_key=key)
        user = User.objects.get()
        user.username = "Renamed"
        user.set_password("another long one 43")
        user.save()
        other = Client()
        again = sign_up(other, form_key=key)
        assert (again.status_code, again.url) == (302, "/auth/login/")
        assert "_auth_user_id" not in other.session
        assert User.objects.count() == 1
        assert sign_up(Client(), form_key="0" * 32).status_code == 200  # the email is taken

    @pytest.mark.parametrize(
        "same",
        [
            {"username": " ปิติ รักเรียน ", "email": "SOMCHAI@example.com"},
            {"year": "3"},
        ],
    )
    def test_what_reads_the_same_is_the_same(self, client, same):
        sign_up(client)
        assert sign_up(Client(), **same).url == "/auth/login/"

    @pytest.mark.parametrize(
        ("changes", "fields"),
        [
            ({"password1": "another long one 43"}, ["username", "email"]),
            ({"username": "มะลิ"}, ["email"]),
            ({"email": "other@example.com"}, ["username"]),
            ({"password1": "short"}, ["username", "email", "password1"]),
        ],
    )
    def test_anything_else_is_taken(self, client, changes, fields):
        sign_up(client)
        assert sorted(errors(sign_up(Client(), **changes))) == sorted(fields)

    def test_another_name_with_the_right_password_is_taken(self, client, make_user):
        sign_up(client)
        make_user("Napat")
        assert sorted(errors(sign_up(Client(), username="Napat"))) == ["email", "username"]

    def test_it_is_no_way_to_guess_a_password(self, client):
        sign_up(client)
        for number in range(5):
            sign_up(Client(), password1=f"a long guess {number}")
        assert sorted(errors(sign_up(Client()))) == ["email", "username"]
        login = {"login": FORM["email"], "password": FORM["password1"]}
        assert "Too many" in Client().post("/auth/login/", login).content.decode()

    def test_of_a_suspended_account_it_is_taken(self, client):
        sign_up(client)
        User.objects.update(is_active=False)
        assert sorted(errors(sign_up(Client()))) == ["email", "username"]

    def test_before_the_address_is_proven_it_leads_to_signing_in_too(self, client, settings):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        sign_up(client)
        assert sign_up(client).url == "/auth/login/"
        assert User.objects.count() == 1


@pytest.mark.django_db
class TestAllowedDomains:
    @pytest.mark.parametrize(
        "email",
        ["a@example.com", "a@sub.kmitl.ac.th", "a@kmitl.ac.th.example.com", "a@xkmitl.ac.th"],
    )
    def test_others_are_refused(self, client, settings, email):
        settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
        found = errors(sign_up(client, email=email))
        assert found == {"email": ["Use an address that ends in @kmitl.ac.th."]}

    def test_the_facultys_own_is_taken_in_any_case(self, client, settings):
        settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
        assert sign_up(client, email="a@KMITL.ac.th").status_code == 302

    def test_they_hold_when_the_address_is_changed_too(self, sign_in, student, settings, post):
        settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
        response = sign_in(student).post(
            "/auth/email/", {"email": "new@example.com", "action_add": ""}
        )
        assert "@kmitl.ac.th" in response.content.decode()
        assert post() == []


@pytest.mark.django_db
class TestMandatoryVerification:
    @pytest.fixture(autouse=True)
    def _mandatory(self, settings):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def test_nobody_is_in_before_the_address_is_proven(self, client, post):
        response = sign_up(client)
        assert (response.status_code, response.url) == (302, "/auth/confirm-email/")
        assert "_auth_user_id" not in client.session
        path = link_in(post()[0])
        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 302
        client.post("/auth/login/", {"login": "somchai@example.com", "password": FORM["password1"]})
        assert client.session["_auth_user_id"] == str(User.objects.get().pk)

    def test_a_taken_address_looks_like_a_fresh_one(self, client, student):
        fresh = sign_up(client)
        client.cookies.clear()
        taken = sign_up(client, username="มะลิ", email=student.email)
        assert (taken.status_code, taken.url) == (fresh.status_code, fresh.url)
        assert User.objects.count() == 2


@pytest.mark.parametrize("name", ["สมชาย ใจดี", "น้ำฝน", "Zoë_1", "a.b-c", "李雷", "नीरज", "٣٤"])
def test_names_of_any_script_are_names(name):
    validate_username(name)
