"""Codes are taken once, and their secrets are nothing that a copy of the database tells."""

import json
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.conf import settings as configured
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing
from django.core.cache import cache
from django.test import Client

from accounts import sweeps
from accounts.adapters.mfa import MFAAdapter
from accounts.services import codes, mfa
from accounts.sessions import SessionStore
from accounts.tests.test_mfa import SECRET, code_now, confirmed, proven, with_app
from accounts.tests.test_signing_in import login, signed_in
from setahub.core import seals

pytestmark = pytest.mark.django_db

NEW_KEY = "a-new-key-" + "y" * 50


class TestOnce:
    def test_a_code_is_taken_once_though_the_cache_forgot_it(self, student, clock):
        with_app(student)
        assert codes.spend(student, code_now()).type == "totp"
        cache.clear()
        assert codes.spend(student, code_now()) is None

    def test_none_older_than_the_last_is_taken(self, student, clock):
        with_app(student)
        assert codes.spend(student, code_now(step=1)) is not None
        assert codes.spend(student, code_now()) is None
        clock.shift(60)
        assert codes.spend(student, code_now()) is not None

    def test_spaces_in_it_make_no_other_code(self, student, clock):
        with_app(student)
        code = code_now()
        assert codes.spend(student, f"{code[:3]} {code[3:]}") is not None
        assert codes.spend(student, code) is None

    def test_one_that_went_on_with_a_page_signs_nobody_in(self, sign_in, student, clock):
        client = sign_in(with_app(student))
        client.post("/auth/2fa/reauthenticate/", {"code": code_now()})
        thief = Client()
        login(thief)
        thief.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert not signed_in(thief)

    def test_the_one_that_set_the_app_up_is_spent(self, sign_in, student, clock):
        client = confirmed(sign_in(proven(student)))
        secret = client.get("/auth/2fa/totp/activate/").context["form"].secret
        client.post("/auth/2fa/totp/activate/", {"code": code_now(secret)})
        assert codes.spend(student, code_now(secret)) is None
        clock.shift(30)
        assert codes.spend(student, code_now(secret)).type == "totp"

    def test_a_recovery_code_is_taken_once(self, student):
        [code, *_rest] = RecoveryCodes.activate(with_app(student)).get_unused_codes()
        assert codes.spend(student, code).type == "recovery_codes"
        assert codes.spend(student, code) is None


class TestSecrets:
    @pytest.fixture
    def rotate(self, settings):
        """``rotate()``: the key is another one; ``rotate(keep=False)``: and the old forgotten."""
        old = configured.SECRET_KEY

        def change(keep: bool = True) -> None:
            settings.SECRET_KEY = NEW_KEY
            settings.SECRET_KEY_FALLBACKS = [old] if keep else []

        return change

    def stored(self) -> str:
        return json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    def test_are_not_in_the_database_as_text(self, student):
        seed = MFAAdapter().decrypt(RecoveryCodes.activate(student).instance.data["seed"])
        TOTP.activate(student, SECRET)
        assert SECRET not in self.stored()
        assert seed not in self.stored()

    def test_nor_is_that_of_an_app_that_is_being_set_up(self, sign_in, student, clock):
        client = confirmed(sign_in(proven(student)))
        secret = client.get("/auth/2fa/totp/activate/").context["form"].secret
        kept = Session.objects.get(pk=client.session.session_key).session_data
        in_clear = signing.loads(kept, salt=SessionStore().key_salt, serializer=JSONSerializer)
        assert secret not in json.dumps(in_clear)
        assert client.session["mfa.totp.secret"] == secret
        client.post("/auth/2fa/totp/activate/", {"code": code_now(secret)})
        assert Authenticator.objects.filter(user=student, type="totp").exists()

    def test_one_whose_key_is_gone_is_made_anew(self, sign_in, student, clock, settings):
        client = confirmed(sign_in(proven(student)))
        secret = client.get("/auth/2fa/totp/activate/").context["form"].secret
        store = SessionStore(client.session.session_key)
        store["mfa.totp.secret"] = secret
        row = Session.objects.get(pk=client.session.session_key)
        row.session_data = DatabaseSessionStore().encode(dict(store.items()))  # as text, as it was
        row.save()
        assert "mfa.totp.secret" not in client.session
        answer = client.post("/auth/2fa/totp/activate/", {"code": code_now(secret)})
        assert answer.status_code == 200

    def test_what_is_sealed_for_one_purpose_is_not_read_for_another(self):
        with pytest.raises(seals.Unreadable):
            seals.unseal(seals.seal("x", "one"), "another")

    def test_can_be_read_while_the_earlier_key_is_among_the_fallbacks(self, student, rotate):
        with_app(student)
        rotate()
        assert codes.spend(student, code_now()) is not None

    def test_the_worker_seals_them_anew_so_that_it_may_be_forgotten(self, student, rotate):
        with_app(student)
        before = RecoveryCodes.activate(student).get_unused_codes()
        rotate()
        sweeps._renewed.clear()
        sweeps.renew_seals()
        rotate(keep=False)
        assert codes.spend(student, code_now()) is not None
        assert RecoveryCodes.activate(student).get_unused_codes() == before

    def test_renewing_twice_changes_nothing_more(self, student, rotate):
        with_app(student)
        rotate()
        mfa.renew_seals()
        once = self.stored()
        mfa.renew_seals()
        assert self.stored() == once

    def test_renewing_forgets_no_code_that_was_taken(self, student, rotate, clock):
        with_app(student)
        codes.spend(student, code_now())
        rotate()
        mfa.renew_seals()
        assert codes.spend(student, code_now()) is None

    def test_with_a_lost_key_no_code_fits_and_no_page_breaks(
        self, client, sign_in, student, rotate, caplog
    ):
        with_app(student)
        rotate(keep=False)
        mfa.renew_seals()
        login(client)
        response = client.post("/auth/2fa/authenticate/", {"code": code_now()})
        assert "right. Please try again." in response.content.decode()
        assert "A second step can't be read" in caplog.text
        assert sign_in(student).get("/auth/2fa/").status_code == 200

    def test_those_that_stood_there_as_text_are_encrypted_and_back(self, student):
        step = import_module("accounts.migrations.0009_sealed_secrets")
        app = Authenticator.objects.create(user=student, type="totp", data={"secret": SECRET})
        seed = "ab" * 40
        rest = Authenticator.objects.create(
            user=student, type="recovery_codes", data={"seed": seed, "used_mask": 3}
        )
        step.encrypt(apps, None)
        step.encrypt(apps, None)  # again, as after an upgrade that stopped half-way
        assert SECRET not in self.stored()
        assert seed not in self.stored()
        assert codes.spend(student, code_now()) is not None
        rest.refresh_from_db()
        assert rest.data["used_mask"] == 3
        step.decrypt(apps, None)
        app.refresh_from_db()
        rest.refresh_from_db()
        assert (app.data["secret"], rest.data["seed"]) == (SECRET, seed)
