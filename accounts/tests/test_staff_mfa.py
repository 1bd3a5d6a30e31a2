"""STAFF_MFA: no admin page without a second step, and a way there from every state."""

import pytest
from allauth.mfa.models import Authenticator

from accounts.tests.test_mfa import code_now, confirmed, with_app
from accounts.tests.test_sessions import made_by_hand
from accounts.tests.test_signing_in import login

ADMIN = ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/1/change/", "/admin/jsi18n/"]


@pytest.fixture(autouse=True)
def _on(settings, db):
    settings.STAFF_MFA = True


@pytest.mark.parametrize("path", ADMIN)
def test_without_a_factor_staff_are_led_to_set_one_up(sign_in, staff, path):
    client = sign_in(staff)
    for method in (client.get, client.post):
        assert method(path).url == "/auth/2fa/"
    page = client.get("/auth/2fa/").content.decode()
    assert "Staff sign in with two steps." in page
    assert "Set up an app" in page


@pytest.mark.django_db(transaction=True)
def test_setting_one_up_opens_the_admin_in_that_session(sign_in, staff):
    client = confirmed(sign_in(staff))
    form = client.get("/auth/2fa/totp/activate/").context["form"]
    client.post("/auth/2fa/totp/activate/", {"code": code_now(form.secret)})
    assert client.get("/admin/").status_code == 200
    assert "Go to the admin" in client.get("/auth/2fa/").content.decode()


def test_a_sign_in_in_two_steps_opens_it(client, staff):
    with_app(staff)
    login(client, staff.email, next="/admin/")
    assert client.post("/auth/2fa/authenticate/", {"code": code_now()}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("made", ["by Django's store", "by signing in before the factor was there"])
def test_a_session_of_one_step_is_asked_for_the_second(sign_in, staff, made):
    client = made_by_hand(staff) if made == "by Django's store" else sign_in(staff)
    with_app(staff)
    response = client.get("/admin/accounts/user/?q=x")
    assert response.url == "/auth/2fa/reauthenticate/?next=%2Fadmin%2Faccounts%2Fuser%2F%3Fq%3Dx"
    page = client.get(response.url)
    assert "Use your password" not in page.content.decode()  # no second step
    done = client.post(
        "/auth/2fa/reauthenticate/", {"code": code_now(), "next": "/admin/accounts/user/?q=x"}
    )
    assert done.url == "/admin/accounts/user/?q=x"
    assert client.get("/admin/").status_code == 200


def test_the_password_again_is_no_second_step(sign_in, staff):
    client = confirmed(sign_in(with_app(staff)))
    assert client.get("/admin/").url.startswith("/auth/2fa/reauthenticate/")


def test_who_only_has_a_passkey_is_asked_for_that(sign_in, staff):
    Authenticator.objects.create(user=staff, type="webauthn", data={})
    address = "/auth/2fa/webauthn/reauthenticate/?next=%2Fadmin%2F"
    assert sign_in(staff).get("/admin/").url == address


def test_recovery_codes_alone_are_no_second_step(sign_in, staff):
    Authenticator.objects.create(user=staff, type="recovery_codes", data={})
    assert sign_in(staff).get("/admin/").url == "/auth/2fa/"


def test_removing_the_factor_closes_the_admin_again(client, staff):
    with_app(staff)
    login(client, staff.email)
    client.post("/auth/2fa/authenticate/", {"code": code_now()})
    Authenticator.objects.all().delete()
    assert client.get("/admin/").url == "/auth/2fa/"


def test_signing_out_of_the_admin_needs_none(sign_in, staff):
    client = sign_in(staff)
    client.post("/admin/logout/")
    assert client.get("/users/me/").status_code == 302


def test_others_get_what_they_always_get(client, sign_in, student):
    assert client.get("/admin/").url == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/").url == "/auth/login/?next=%2Fadmin%2F"
    assert sign_in(student).get("/admin/").url == "/admin/login/?next=/admin/"
    assert sign_in(student).get("/admin/login/").status_code == 403


def test_the_rest_of_the_site_asks_staff_for_nothing_more(sign_in, staff):
    assert sign_in(staff).get("/topics/").status_code == 200


def test_off_it_asks_for_nothing(sign_in, staff, settings):
    settings.STAFF_MFA = False
    assert sign_in(staff).get("/admin/").status_code == 200


def test_costs_one_query_more_at_an_admin_page(client, staff, settings, django_assert_num_queries):
    with_app(staff)
    login(client, staff.email)
    client.post("/auth/2fa/authenticate/", {"code": code_now()})
    settings.STAFF_MFA = False
    client.get("/admin/jsi18n/")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as off:
        client.get("/admin/jsi18n/")
    settings.STAFF_MFA = True
    with CaptureQueriesContext(connection) as on:
        client.get("/admin/jsi18n/")
    assert len(on) - len(off) == 1
