"""``/users/me/push/``: a browser's subscription is kept for its latest user, and ended."""

import json

import pytest
from django.conf import settings as site
from django.test import Client

from accounts.models import PushSubscription, SignIn
from accounts.services import push
from accounts.tests.push.service import PATH, Browser
from accounts.tests.test_sessions import PHONE, key_of, made_by_hand
from accounts.tests.test_signing_in import login
from setahub.core import vapid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("with_key")]


def send(client, content, method="post"):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return getattr(client, method)(PATH, body, content_type="application/json")


class TestKeeping:
    def test_as_the_browser_gives_it(self, sign_in, student):
        client, browser = sign_in(student), Browser()
        response = browser.subscribe(client)
        assert (response.status_code, response.json()) == (201, {"device": "Unknown browser"})
        kept = PushSubscription.objects.get()
        given = browser.subscription
        assert (kept.endpoint, {"p256dh": kept.p256dh, "auth": kept.auth}) == (
            given["endpoint"],
            given["keys"],
        )
        assert (kept.user, kept.sign_in.session_id) == (student, key_of(client))
        assert kept.site_key == vapid.fingerprint(site.VAPID_PRIVATE_KEY)

    def test_under_the_name_of_its_device(self, student):
        client = Client(headers={"user-agent": PHONE})
        login(client)
        assert Browser().subscribe(client).json() == {"device": "Chrome on Android"}

    def test_of_a_session_that_a_program_made(self, student):
        client = made_by_hand(student)
        assert Browser().subscribe(client).json() == {"device": "Safari on Mac"}
        assert SignIn.objects.get().session_id == key_of(client)

    def test_twice_is_once(self, sign_in, student):
        client, browser = sign_in(student), Browser()
        browser.subscribe(client)
        before = PushSubscription.objects.get()
        browser.subscribe(client)
        after = PushSubscription.objects.get()
        assert (before.pk, before.created_at) == (after.pk, after.created_at)

    def test_one_for_each_session(self, sign_in, student):
        client = sign_in(student)
        Browser().subscribe(client)
        newer = Browser()
        newer.subscribe(client)
        assert PushSubscription.objects.get().endpoint == newer.endpoint

    def test_an_endpoint_belongs_to_its_latest_user(self, sign_in, student, stranger):
        browser = Browser()
        browser.subscribe(sign_in(student))
        browser.subscribe(sign_in(stranger))
        assert PushSubscription.objects.get().user == stranger

    def test_at_most_ten_of_one_person(self, clock, sign_in, student, stranger):
        Browser().subscribe(sign_in(stranger))
        browsers = [Browser() for _ in range(11)]
        for browser in browsers:
            browser.subscribe(sign_in(student))
            clock.shift(60)
        kept = set(PushSubscription.objects.of(student.pk).values_list("endpoint", flat=True))
        assert kept == {browser.endpoint for browser in browsers[1:]}
        assert PushSubscription.objects.of(stranger.pk).count() == 1

    def test_keys_with_padding_are_the_same(self, sign_in, student):
        browser = Browser()
        keys = {name: f"{key}=" for name, key in browser.subscription["keys"].items()}
        assert browser.subscribe(sign_in(student), keys=keys).status_code == 201
        assert PushSubscription.objects.get().auth == browser.subscription["keys"]["auth"]


class TestRenewing:
    def test_takes_the_place_of_the_one_before(self, sign_in, student):
        client, old, new = sign_in(student), Browser(), Browser()
        old.subscribe(client)
        assert new.subscribe(client, replaces=old.endpoint).status_code == 201
        assert PushSubscription.objects.get().endpoint == new.endpoint

    def test_not_where_that_was_taken_back(self, sign_in, student):
        client, old, new = sign_in(student), Browser(), Browser()
        response = new.subscribe(client, replaces=old.endpoint)
        assert (response.status_code, response.json()["code"]) == (404, "gone")
        assert not PushSubscription.objects.exists()

    def test_not_that_of_another_session_or_person(self, sign_in, student, stranger):
        old = Browser()
        old.subscribe(sign_in(student))
        for client in (sign_in(student), sign_in(stranger)):
            assert Browser().subscribe(client, replaces=old.endpoint).status_code == 404
        assert PushSubscription.objects.get().endpoint == old.endpoint


class TestEnding:
    def test_by_its_browser(self, sign_in, student, phone):
        client = sign_in(student)
        browser = phone(student, client)
        assert browser.unsubscribe(client).status_code == 204
        assert not PushSubscription.objects.exists()
        assert browser.unsubscribe(client).status_code == 404

    def test_nobody_ends_anothers(self, sign_in, student, stranger, phone):
        browser = phone(student)
        assert browser.unsubscribe(sign_in(stranger)).status_code == 404
        assert PushSubscription.objects.exists()


LONG = "https://push.example/" + "x" * 1000


class TestRefused:
    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://push.example/send/1",
            "https://push.example:8443/send/1",
            "https://me:secret@push.example/send/1",
            "https://me@push.example/send/1",
            "https://push.example.evil.example/send/1",
            "https://evilpush.example/send/1",
            "https://evil.example/push.example",
            "https://evil.example#push.example",
            "https://evil.example\\@push.example/",
            "https://127.0.0.1/send/1",
            "https://[::1]/send/1",
            "https://localhost/send/1",
            "https:///send/1",
            "//push.example/send/1",
            "ftp://push.example/send/1",
            "https://push.example/a b",
            " https://push.example/a",
            "https://push.example/\u0e01",
            "https://push.example/\x00",
            "https://push.example/a\r\nX: y",
            "",
            LONG,
            None,
            7,
            ["https://push.example/send/1"],
        ],
    )
    def test_endpoints_that_are_no_push_service(self, sign_in, student, endpoint):
        sent = {**Browser().subscription, "endpoint": endpoint}
        response = send(sign_in(student), sent)
        assert (response.status_code, response.json()["code"]) == (400, "invalid")
        assert response.json()["detail"] == (
            "This is no address of a push service that this site sends to."
        )
        assert not PushSubscription.objects.exists()

    @pytest.mark.parametrize(
        "endpoint",
        ["https://push.example/1", "https://push.example:443/1", "https://WNS2.push.example/1"],
    )
    def test_a_service_and_what_lies_below_it(self, sign_in, student, endpoint):
        assert Browser(endpoint).subscribe(sign_in(student)).status_code == 201

    @pytest.mark.parametrize(
        "keys",
        [
            None,
            {},
            [],
            "keys",
            {"auth": "A" * 22},
            {"p256dh": "A" * 87, "auth": "A" * 22},  # no point of the curve
            {"p256dh": 7, "auth": "A" * 22},
        ],
    )
    def test_keys_that_are_none(self, sign_in, student, keys):
        response = send(sign_in(student), {**Browser().subscription, "keys": keys})
        assert response.status_code == 400
        assert response.json()["detail"] == "The browser's keys are missing, or they are none."

    @pytest.mark.parametrize("auth", ["", "A" * 21, "A" * 24, "ก" * 22, "A" * 21 + "!", "A" * 500])
    def test_secrets_of_another_kind(self, sign_in, student, auth):
        good = Browser().subscription
        response = send(sign_in(student), {**good, "keys": {**good["keys"], "auth": auth}})
        assert response.status_code == 400

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b"7",
            b'"x"',
            b"\xff",
            b"[" * 5000,
            b'{"a":' * 1500,
            b" " * 9000,
        ],
    )
    @pytest.mark.parametrize("method", ["post", "delete"])
    def test_what_is_no_json_of_a_browser(self, sign_in, student, body, method):
        response = send(sign_in(student), body, method)
        assert (response.status_code, response.json()["detail"]) == (
            400,
            "A push subscription is expected, in JSON, as the browser gives it.",
        )

    def test_too_often(self, sign_in, student, settings):
        client, browser = sign_in(student), Browser()
        for _time in range(push.CHANGES_MAX):
            browser.subscribe(client)
        response = browser.subscribe(client)
        assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
        assert 500 < int(response.headers["Retry-After"]) <= 600
        assert browser.unsubscribe(client).status_code == 429
        settings.RATE_LIMITS = False
        assert browser.subscribe(client).status_code == 201

    def test_without_a_key_of_the_site(self, sign_in, student, settings):
        settings.VAPID_PRIVATE_KEY = ""
        assert Browser().subscribe(sign_in(student)).status_code == 404

    def test_visitors_are_led_to_the_login(self, db, client):
        browser = Browser()
        for response in (browser.subscribe(client), browser.unsubscribe(client)):
            assert (response.status_code, response.url) == (302, f"/auth/login/?next={PATH}")

    def test_nothing_is_shown_there(self, sign_in, student):
        assert sign_in(student).get(PATH).status_code == 405

    def test_without_the_token_of_a_page(self, student):
        client = Client(enforce_csrf_checks=True)
        client.force_login(student)
        assert Browser().subscribe(client).status_code == 403
        client.get("/help/")
        page = client.get("/users/me/notifications/")
        token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        client.defaults["HTTP_X_CSRFTOKEN"] = token
        browser = Browser()
        assert browser.subscribe(client).status_code == 201
        assert browser.unsubscribe(client).status_code == 204
