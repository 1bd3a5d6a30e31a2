"""Signing in with the faculty, against a real OpenID Connect provider on this machine."""

import time

import pytest
import requests
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.adapters import openid
from accounts.models import User
from accounts.services import mfa
from accounts.tests.faculty.steps import (
    LOGIN,
    MALEE,
    PASSWORD,
    begin,
    is_signed_in,
    proven,
    refused,
    sign_in,
    sign_up,
)

pytestmark = pytest.mark.django_db


class TestTheWayThere:
    def test_carries_state_nonce_and_a_challenge_and_lets_one_choose_the_account(
        self, client, faculty
    ):
        sign_in(client, faculty)
        [asked] = faculty.asked
        assert asked["prompt"] == "select_account"
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == "http://testserver/auth/oidc/faculty/login/callback/"
        assert len(asked["nonce"]) >= 16
        assert len(asked["state"]) >= 16
        assert faculty.problems == []  # the code's verifier was the right one

    def test_no_parameter_of_the_address_reaches_the_provider(self, client, faculty):
        answer = client.post(f"{LOGIN}?scope=offline&auth_params=prompt%3Dnone&process=connect")
        assert "offline" not in answer.url
        assert "prompt=select_account" in answer.url

    def test_without_an_issuer_there_is_none(self, client):
        assert client.post(LOGIN).status_code == 404
        assert LOGIN not in client.get("/auth/login/").content.decode()

    def test_whoever_opens_the_address_sees_the_button_and_keeps_where_they_were_going(
        self, client, faculty
    ):
        answer = client.get(LOGIN, {"next": "/bookings/"})
        assert answer.url == "/auth/login/?next=%2Fbookings%2F"
        page = client.get(answer.url).content.decode()
        assert LOGIN in page
        assert "Sign in with KMITL" in page

    @pytest.mark.parametrize("page", ["/auth/login/", "/auth/signup/"])
    def test_the_policy_names_the_origin_of_the_endpoint_where_the_button_is(
        self, client, faculty, page
    ):
        policy = client.get(page)["Content-Security-Policy"]
        assert f"form-action 'self' {faculty.issuer};" in f"{policy};"

    def test_the_policy_of_other_pages_names_nobody_else(self, client, faculty):
        assert faculty.issuer not in client.get("/")["Content-Security-Policy"]


class TestTheFirstTime:
    def test_asks_for_nothing_but_a_name_and_suggests_one(self, client, faculty):
        answer = sign_in(client, faculty)
        assert answer.url == "/auth/oidc/faculty/name/"
        page = client.get(answer.url).content.decode()
        assert 'value="Malee Dee"' in page
        assert page.count("<input") - page.count('type="hidden"') == 1
        assert not is_signed_in(client)

    def test_makes_an_account_with_a_proven_address_and_no_password(self, client, faculty):
        assert sign_up(client, faculty, next="/topics/").url == "/topics/"
        user = User.objects.get(username="Malee")
        assert is_signed_in(client)
        assert (user.email, user.has_usable_password()) == ("malee@kmitl.ac.th", False)
        assert EmailAddress.objects.get(user=user).verified
        account = SocialAccount.objects.get(user=user)
        assert (account.uid, account.extra_data) == (f"{faculty.issuer} 7", {})

    def test_a_taken_name_is_said_and_the_next_one_works(self, client, faculty, student):
        assert sign_up(client, faculty, name=student.username).status_code == 422
        assert client.post("/auth/oidc/faculty/name/", {"username": "Other"}).status_code == 302
        assert is_signed_in(client)

    def test_the_name_page_alone_is_nothing(self, client, faculty):
        assert client.get("/auth/oidc/faculty/name/").url == "/auth/login/"
        answer = client.post("/auth/oidc/faculty/name/", {"username": "Nobody"})
        assert answer.url == "/auth/login/"
        assert not User.objects.filter(username="Nobody").exists()

    def test_the_name_page_waits_a_quarter_of_an_hour(self, client, faculty):
        sign_in(client, faculty)
        with time_machine.travel(time.time() + 901):
            answer = client.post("/auth/oidc/faculty/name/", {"username": "Late"})
        assert answer.url == "/auth/login/"

    def test_sent_twice_makes_one_account_and_signs_nobody_else_in(self, client, faculty):
        sign_up(client, faculty)
        answer = client.post("/auth/oidc/faculty/name/", {"username": "Malee"})
        assert answer.url == "/"
        assert SocialAccount.objects.count() == 1

    def test_from_then_on_issuer_and_subject_match_whatever_the_address_becomes(
        self, client, faculty
    ):
        sign_up(client, faculty)
        again = Client()
        changed = {**MALEE, "email": "malee.new@kmitl.ac.th", "email_verified": False}
        assert sign_in(again, faculty, claims=changed, next="/bookings/").url == "/bookings/"
        assert is_signed_in(again)
        assert User.objects.filter(username="Malee").count() == 1

    def test_another_subject_with_the_same_address_is_not_let_in(self, client, faculty):
        sign_up(client, faculty)
        assert refused(sign_in(Client(), faculty, subject="8")) == (409, "another_subject")


class TestAddresses:
    def test_proven_here_is_joined_and_told(self, client, faculty, student, post):
        student.email = MALEE["email"]
        student.save()
        with proven(student):
            sign_in(client, faculty)
        assert is_signed_in(client)
        assert [letter.subject for letter in post()] == [
            "The faculty's sign-in now opens your account"
        ]
        assert SocialAccount.objects.get().user == student
        student.refresh_from_db()
        assert student.check_password(PASSWORD)

    def test_invited_by_staff_is_joined_and_proven_from_then_on(self, client, faculty, student):
        student.email, student.invited_at = MALEE["email"], student.date_joined
        student.save()
        sign_in(client, faculty)
        student.refresh_from_db()
        assert SocialAccount.objects.get().user == student
        assert student.invited_at is None
        assert EmailAddress.objects.get(user=student).verified

    def test_merely_claimed_loses_the_claim_sessions_password_and_factors(
        self, client, faculty, student
    ):
        student.email = MALEE["email"]
        student.save()
        EmailAddress.objects.create(user=student, email=student.email, primary=True)
        Authenticator.objects.create(user=student, type="totp", data={"secret": "x"})
        thief = Client()
        thief.force_login(student)
        sign_up(client, faculty)
        student.refresh_from_db()
        assert User.objects.get(email=MALEE["email"]).username == "Malee"
        assert student.email == f"{student.pk}@deleted.invalid"
        assert not student.has_usable_password()
        assert not Authenticator.objects.filter(user=student).exists()
        assert not is_signed_in(thief)

    def test_asked_for_by_somebody_else_is_no_longer(self, client, faculty, student):
        EmailAddress.objects.create(user=student, email=MALEE["email"])
        sign_up(client, faculty)
        assert [each.user.username for each in EmailAddress.objects.all()] == ["Malee"]

    def test_of_staff_who_have_yet_to_prove_it_is_neither_joined_nor_taken(
        self, client, faculty, staff
    ):
        staff.email = MALEE["email"]
        staff.save()
        assert refused(sign_in(client, faculty)) == (409, "staff")
        staff.refresh_from_db()
        assert staff.email == MALEE["email"]

    @pytest.mark.parametrize("said", [False, None, "yes", "false", 1.5])
    def test_one_that_the_issuer_does_not_call_verified_is_not_believed(
        self, client, faculty, said
    ):
        assert refused(sign_in(client, faculty, email_verified=said)) == (403, "unverified")
        assert not User.objects.filter(email=MALEE["email"]).exists()

    def test_an_issuer_of_one_organisation_may_be_trusted(self, client, faculty, settings):
        settings.OIDC_TRUST_EMAIL = True
        sign_up(client, faculty, claims={"email": MALEE["email"], "name": "Malee"})
        assert is_signed_in(client)

    def test_of_another_domain_is_refused(self, client, faculty, settings):
        settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
        assert refused(sign_in(client, faculty, email="x@gmail.com")) == (403, "domain")

    def test_none_at_all_is_said(self, client, faculty):
        assert refused(sign_in(client, faculty, claims={"name": "Malee"})) == (403, "no_email")


class TestWhatStillHolds:
    def test_the_second_step(self, client, faculty, student):
        student.email = MALEE["email"]
        student.save()
        sealed = mfa.seals.seal("JBSWY3DPEHPK3PXP", mfa.PURPOSE)
        Authenticator.objects.create(user=student, type="totp", data={"secret": sealed})
        with proven(student):
            assert sign_in(client, faculty).url.startswith("/auth/2fa/authenticate/")
        assert not is_signed_in(client)

    def test_suspension(self, client, faculty, student):
        student.email, student.is_active = MALEE["email"], False
        student.save()
        with proven(student):
            assert sign_in(client, faculty).url == "/auth/inactive/"
        assert not is_signed_in(client)

    def test_a_tapped_time(self, client, faculty):
        wanted = "/bookings/new/?slot=12&topic=sql"
        assert sign_up(client, faculty, next=wanted).url == wanted

    def test_nowhere_else_is_led_to(self, client, faculty):
        assert sign_up(client, faculty, next="https://evil.example/").url == "/"

    def test_whoever_was_signed_in_here_is_not_any_more(self, client, faculty, student):
        client.force_login(student)
        sign_up(client, faculty)
        assert client.get("/users/me/").context["user"].username == "Malee"


class TestWhatGoesWrong:
    def test_turned_back_there(self, client, faculty):
        back = faculty.turn_back(begin(client, next="/topics/"))
        assert refused(client.get(back)) == (403, "cancelled")

    def test_the_issuer_is_away_and_passwords_go_on(self, client, student, settings):
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "http://localhost:9", "setahub"
        assert refused(client.post(LOGIN)) == (503, "unavailable")
        page = client.get("/auth/login/")
        assert "form-action 'self' http://localhost:9" in page["Content-Security-Policy"]
        client.post("/auth/login/", {"login": student.email, "password": PASSWORD})
        assert is_signed_in(client)

    def test_the_issuer_goes_away_in_between(self, client, faculty, monkeypatch):
        back = faculty.sign_in(begin(client), "7", **MALEE)

        def away(*args, **kwargs):
            raise requests.ConnectionError

        monkeypatch.setattr(requests.Session, "request", away)
        assert refused(client.get(back)) == (503, "unavailable")

    @pytest.mark.parametrize("email", ["no address", "a\0 b@c", ["malee@kmitl.ac.th"], 7])
    def test_an_email_that_is_none(self, client, faculty, email):
        assert refused(sign_in(client, faculty, email=email))[0] == 403

    @pytest.mark.parametrize("name", [5, {"first": "Malee"}, ["Malee"], None, "Ma\0lee"])
    def test_a_name_that_is_none_only_suggests_nothing(self, client, faculty, name):
        assert sign_up(client, faculty, **{"claims": {**MALEE, "name": name}}).status_code == 302

    @pytest.mark.parametrize("subject", ["", "7\0", None])
    def test_a_token_that_names_nobody(self, client, faculty, monkeypatch, subject):
        decode = openid.OpenID._decode_id_token
        monkeypatch.setattr(
            openid.OpenID, "_decode_id_token", lambda *args: {**decode(*args), "sub": subject}
        )
        assert refused(sign_in(client, faculty)) == (403, "invalid")

    def test_a_token_for_another_site(self, client, faculty):
        assert refused(sign_in(client, faculty, aud="somebody-else")) == (403, "invalid")

    def test_a_token_of_another_issuer(self, client, faculty):
        assert refused(sign_in(client, faculty, iss="https://evil.example")) == (403, "invalid")

    def test_a_token_that_is_too_old(self, client, faculty):
        assert refused(sign_in(client, faculty, exp=int(time.time()) - 999)) == (403, "invalid")

    def test_a_token_of_another_visit(self, client, faculty):
        assert refused(sign_in(client, faculty, nonce="of-another-visit")) == (403, "invalid")

    def test_a_code_used_twice(self, client, faculty):
        back = faculty.sign_in(begin(client), "7", **MALEE)
        client.get(back)
        assert refused(client.get(back)) == (409, "used")

    def test_a_code_of_another_browser(self, client, faculty):
        back = faculty.sign_in(begin(client), "7", **MALEE)
        assert refused(Client().get(back)) == (409, "used")

    def test_a_code_that_was_never_given(self, client, faculty):
        begin(client)
        state = faculty.sign_in(begin(client), "7", **MALEE).partition("state=")[2]
        answer = client.get(f"{LOGIN}callback/?code=guessed&state={state}")
        assert refused(answer) == (403, "invalid")

    def test_a_configuration_of_another_issuer(self, client, faculty, settings):
        settings.OIDC_ISSUER = f"{faculty.issuer}/other"
        assert refused(client.post(LOGIN)) == (403, "invalid")


def test_a_long_subject_fits_its_column():
    long = openid._subject({"iss": "https://login.example", "sub": "x" * 300})
    assert len(long) <= 191
    assert long != openid._subject({"iss": "https://login.example", "sub": "x" * 301})
