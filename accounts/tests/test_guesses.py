"""Guesses at passwords and codes: five are looked at, by whichever page and however many at once."""

import json
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from accounts.models import User
from accounts.services import codes, guesses
from accounts.tests.passkeys import SoftwareKey
from accounts.tests.test_mfa import REAUTH, SECOND_STEP, code_now, with_app, with_key, wrong_code
from accounts.tests.test_races import all_at_once
from accounts.tests.test_signing_in import NEW, PASSWORD, login, signed_in
from setahub.core.web import cache as cache_module
from setahub.core.web import ratelimit
from setahub.core.web.cache import FailOpenRedisCache

KEY_AGAIN = "/auth/2fa/webauthn/reauthenticate/"
DELETE = "/users/me/delete/"
CROWD = 60
FEWER = 24  # where each of them holds a connection for long


@pytest.fixture
def tried(monkeypatch) -> list[Any]:
    """The passwords, codes and passkeys that were looked at."""
    looked_at: list[Any] = []

    def noting(real):
        def look(user, given):
            looked_at.append(given)
            return real(user, given)

        return look

    monkeypatch.setattr(User, "check_password", noting(User.check_password))
    monkeypatch.setattr(codes, "spend", noting(codes.spend))
    clean = AuthenticateWebAuthnForm.clean_credential

    def look(form):
        looked_at.append(form.cleaned_data["credential"])
        return clean(form)

    monkeypatch.setattr(AuthenticateWebAuthnForm, "clean_credential", look)
    return looked_at


@pytest.fixture
def redis_away(monkeypatch):
    """The cache that counts is a Redis which nobody answers for."""
    away = FailOpenRedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(ratelimit, "cache", away)
    yield away
    cache_module._clients.clear()


def text(response) -> str:
    return response.content.decode()


def at_the_second_step(user: User) -> Client:
    client = Client()
    login(client, user.email)
    return client


def show(client: Client, key: SoftwareKey, path: str = SECOND_STEP, **wrong: Any):
    """What the page says to the key; to one that is not right in what is given by name."""
    options = client.get(path).context["js_data"]["request_options"]
    return client.post(path, {"credential": json.dumps(key.get(options, **wrong))})


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_sixty_passwords_five_are_looked_at(self, student, tried):
        def guess(number):
            return login(Client(), password=f"guess {number}").status_code

        assert set(all_at_once(guess, CROWD)) == {200}
        assert len(set(tried)) == 5
        assert "Too many" in text(login(Client()))

    def test_of_many_codes_five_are_looked_at(self, student, tried):
        with_app(student)
        clients = [at_the_second_step(student) for _ in range(8)]
        tried.clear()

        def guess(number):
            form = {"code": f"guess {number}"}
            return clients[number % 8].post(SECOND_STEP, form).status_code

        assert set(all_at_once(guess, FEWER)) == {200}
        assert len(tried) == 5
        assert "Too many" in text(clients[0].post(SECOND_STEP, {"code": code_now()}))

    def test_of_many_passkeys_five_are_looked_at(self, student, tried):
        key = with_key(student)
        clients = [at_the_second_step(student) for _ in range(8)]
        options = [each.get(SECOND_STEP).context["js_data"]["request_options"] for each in clients]
        tried.clear()

        def guess(number):
            shown = key.get(options[number % 8], signature="AAAA")
            form = {"credential": json.dumps(shown)}
            return clients[number % 8].post(SECOND_STEP, form).status_code

        assert set(all_at_once(guess, FEWER)) == {200}
        assert len(tried) == 5
        assert "Too many" in text(show(clients[0], key))

    def test_of_many_tries_to_show_who_one_is_five_are_looked_at(
        self, student, sign_in, tried, settings
    ):
        settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "reauthenticate": None}
        client = sign_in(student)

        def guess(number):
            mine = Client()
            mine.cookies = client.cookies
            return mine.post(REAUTH, {"password": f"guess {number}"}).status_code

        assert set(all_at_once(guess, FEWER)) == {200}
        assert len(tried) == 5

    def test_one_recovery_code_sent_at_once_lets_one_in(self, student):
        with_app(student)
        [code, *_rest] = RecoveryCodes.activate(student).get_unused_codes()
        clients = [at_the_second_step(student) for _ in range(5)]

        def send(number):
            return clients[number].post(SECOND_STEP, {"code": code}).status_code

        assert sorted(all_at_once(send, 5)) == [200, 200, 200, 200, 302]

    def test_one_code_of_the_app_sent_at_once_lets_one_in(self, student, clock):
        with_app(student)
        clients = [at_the_second_step(student) for _ in range(5)]

        def send(number):
            return clients[number].post(SECOND_STEP, {"code": code_now()}).status_code

        assert sorted(all_at_once(send, 5)) == [200, 200, 200, 200, 302]


@pytest.mark.django_db
class TestOneCount:
    """Of all pages that take a password, so that none is a way around the others."""

    def change(self, client, old):
        form = {"oldpassword": old, "password1": NEW, "password2": NEW}
        return client.post("/auth/password/change/", form)

    def test_five_wrong_ones_wherever_close_all(self, student, sign_in, tried, clock):
        client = sign_in(student)
        login(Client(), password="wrong 1")
        client.post(REAUTH, {"password": "wrong 2"})
        self.change(client, "wrong 3")
        client.post(DELETE, {"password": "wrong 4"})
        client.post(DELETE, {"password": "wrong 5"})
        tried.clear()
        assert "Too many failed tries. Please try again in 5 minutes." in text(login(Client()))
        assert "in 5 minutes." in text(client.post(REAUTH, {"password": PASSWORD}))
        assert "in 5 minutes." in text(self.change(client, PASSWORD))
        refused = client.post(DELETE, {"password": PASSWORD})
        assert (refused.status_code, "in 5 minutes." in text(refused)) == (429, True)
        assert refused.headers["Retry-After"] == "300"
        assert tried == []
        clock.shift(241)
        assert "Please try again in 1 minute." in text(login(Client()))
        clock.shift(60)
        assert login(Client()).status_code == 302

    def test_a_right_one_counts_nothing(self, student, clock):
        for _ in range(4):
            login(Client(), password="wrong")
        for _ in range(4):
            assert login(Client()).status_code == 302
        login(Client(), password="wrong")
        assert "Too many" in text(login(Client()))

    def test_who_has_chosen_a_new_one_may_use_it_at_once(self, student, client):
        from accounts.receivers import end_every_session

        for _ in range(6):
            login(client, password="wrong")
        end_every_session(user=student)
        assert login(client).status_code == 302

    def test_passkeys_and_codes_are_one_that_says_how_long(self, student, sign_in, tried, clock):
        key = with_key(with_app(student))
        client, again = at_the_second_step(student), sign_in(student)
        for _ in range(2):
            assert "right. Please try again." in text(show(client, key, signature="AAAA"))
        client.post(SECOND_STEP, {"code": wrong_code()})
        for _ in range(2):
            show(again, key, KEY_AGAIN, signature="AAAA")
        clock.shift(121)
        tried.clear()
        for response in (
            show(client, key),
            show(again, key, KEY_AGAIN),
            client.post(SECOND_STEP, {"code": code_now()}),
        ):
            assert "Too many failed tries. Please try again in 3 minutes." in text(response)
        assert tried == []
        clock.shift(180)
        assert show(client, key).status_code == 302
        assert signed_in(client)

    def test_a_right_passkey_counts_nothing(self, student, sign_in):
        key, client = with_key(student), sign_in(student)
        for _ in range(6):
            assert show(client, key, KEY_AGAIN).status_code == 302

    def test_codes_of_two_people_are_two_counts(self, student, stranger):
        with_app(student)
        for _ in range(6):
            at_the_second_step(student).post(SECOND_STEP, {"code": wrong_code()})
        client = at_the_second_step(with_app(stranger))
        assert client.post(SECOND_STEP, {"code": code_now()}).status_code == 302


@pytest.mark.django_db
class TestWhileTheCounterIsAway:
    def test_passwords_are_looked_at(self, student, client, redis_away):
        assert login(client).status_code == 302
        assert signed_in(client)

    def test_codes_are_not(self, student, tried, redis_away):
        client = at_the_second_step(with_app(student))
        tried.clear()
        response = client.post(SECOND_STEP, {"code": code_now()})
        assert response.status_code == 200
        assert "be checked at the moment. Please try again in a minute." in text(response)
        assert tried == []

    def test_recovery_codes_and_codes_to_go_on_are_not(self, student, sign_in, tried, redis_away):
        [code, *_rest] = RecoveryCodes.activate(with_app(student)).get_unused_codes()
        for client, path, sent in (
            (at_the_second_step(student), SECOND_STEP, code),
            (sign_in(student), "/auth/2fa/reauthenticate/", code_now()),
        ):
            tried.clear()
            assert "be checked at the moment" in text(client.post(path, {"code": sent}))
            assert tried == []

    def test_passkeys_as_the_second_step_are_not(self, student, sign_in, tried, redis_away):
        key = with_key(student)
        for client, path in (
            (at_the_second_step(student), SECOND_STEP),
            (sign_in(student), KEY_AGAIN),
        ):
            tried.clear()
            assert "be checked at the moment" in text(show(client, key, path))
            assert tried == []

    def test_nothing_else_that_uses_the_cache_minds(self, redis_away):
        with pytest.raises(cache_module.CacheAway), cache_module.must_answer():
            redis_away.incr("x")
        assert redis_away.incr("x") == 1

    def test_a_redis_that_goes_away_meanwhile_refuses_too(self, student, monkeypatch):
        def fail(*args):
            raise RedisAway

        away = FailOpenRedisCache("redis://127.0.0.1:1/1", {})
        monkeypatch.setattr(cache_module.RedisCacheClient, "add", fail)
        monkeypatch.setattr(ratelimit, "cache", away)
        with pytest.raises(guesses.ValidationError, match="checked"), guesses.of_code(student):
            pass
        cache_module._clients.clear()


def test_a_count_that_was_lost_is_no_error(student):
    with ratelimit.guess("lost", 5, 300) as made:
        cache.clear()
        made.right = True
