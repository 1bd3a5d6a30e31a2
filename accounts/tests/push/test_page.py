"""The page of what reaches one: kinds by email and by push, and one's devices, without scripts too."""

import re

import pytest
from django.test import Client

from accounts.models import MailKind, PushSubscription, User
from accounts.personal import devices_of
from accounts.services import push
from accounts.tests.push.service import Browser
from accounts.tests.test_sessions import PHONE
from accounts.tests.test_signing_in import PASSWORD

pytestmark = pytest.mark.django_db

PATH = "/users/me/notifications/"
ALL_ON = {name: "on" for kind in MailKind for name in (kind.value, kind.push_field)}


def switches(user: User) -> dict[str, bool]:
    now = User.objects.get(pk=user.pk)
    names = [name for kind in MailKind for name in (kind.field, kind.push_field)]
    return {name: getattr(now, name) for name in names}


def off(user: User) -> set[str]:
    return {name for name, on in switches(user).items() if not on}


class TestKinds:
    @pytest.mark.usefixtures("with_key")
    def test_each_has_a_switch_for_either_way(self, sign_in, student):
        html = sign_in(student).get(PATH).content.decode()
        boxes = set(re.findall(r'type="checkbox" name="(\w+)"', html))
        assert boxes == set(ALL_ON)
        assert html.count(" checked") == 10

    def test_without_a_key_there_is_email_alone(self, sign_in, student):
        html = sign_in(student).get(PATH).content.decode()
        assert set(re.findall(r'type="checkbox" name="(\w+)"', html)) == set(MailKind.values)
        assert "data-push" not in html
        assert "push-key" not in html

    @pytest.mark.usefixtures("with_key")
    def test_both_ways_are_chosen_apart(self, open_tab, sign_in, student):
        tab = open_tab(sign_in(student), PATH)
        assert tab(bookings="", push_messages="").status_code == 302
        assert off(student) == {"mail_bookings", "push_messages"}

    @pytest.mark.usefixtures("with_key")
    def test_two_who_switch_apart_agree(self, open_tab, sign_in, student):
        client = sign_in(student)
        one, two = open_tab(client, PATH), open_tab(client, PATH)
        one(push_bookings="")
        two(push_messages="")
        assert off(student) == {"push_bookings", "push_messages"}

    @pytest.mark.usefixtures("with_key")
    def test_a_program_that_knows_of_emails_alone_leaves_the_rest(self, sign_in, student):
        sign_in(student).post(PATH, {"bookings": "on"})
        assert off(student) == {f"mail_{kind}" for kind in MailKind.values if kind != "bookings"}

    @pytest.mark.usefixtures("with_key")
    def test_a_program_that_knows_of_both(self, sign_in, student):
        sign_in(student).post(PATH, {"bookings": "on", "push_bookings": "on"})
        assert off(student) == {
            f"{way}_{kind}"
            for way in ("mail", "push")
            for kind in MailKind.values
            if kind != "bookings"
        }

    def test_what_is_sent_for_push_without_a_key_is_nothing(self, sign_in, student):
        sign_in(student).post(PATH, {"push_bookings": "on", **dict.fromkeys(MailKind.values, "on")})
        assert off(student) == set()


@pytest.mark.usefixtures("with_key")
class TestDevices:
    @pytest.fixture
    def there(self, student):
        client = Client(headers={"user-agent": PHONE})
        client.post("/auth/login/", {"login": student.email, "password": PASSWORD})
        return client

    def test_are_named_this_one_first(self, clock, there, sign_in, student, phone):
        phone(student, there)
        clock.shift(60)
        phone(student)
        html = there.get(PATH).content.decode()
        assert (
            html.index("Chrome on Android") < html.index("this device") < html.index("Unknown br")
        )
        assert html.count("this device</span>") == 1
        assert "Since Mon 23 Nov, 09:00" in html

    def test_none_yet(self, sign_in, student, stranger, phone):
        phone(stranger)
        html = sign_in(student).get(PATH).content.decode()
        assert "No device yet." in html
        assert 'name="remove"' not in html

    def test_the_page_has_the_key_for_browsers(self, sign_in, student):
        html = sign_in(student).get("/help/").content.decode()
        assert f'<meta name="push-key" content="{push.site_key()}">' in html
        assert "push-key" not in Client().get("/help/").content.decode()

    def test_removing_one_without_scripts(self, there, sign_in, student, phone):
        phone(student, there)
        pk = PushSubscription.objects.get().pk
        response = sign_in(student).post(PATH, {"remove": pk})
        assert (response.status_code, response.url) == (302, PATH)
        assert not PushSubscription.objects.exists()
        assert off(student) == set()

    def test_nobody_removes_anothers(self, sign_in, student, stranger, phone):
        phone(student)
        pk = PushSubscription.objects.get().pk
        for value in (pk, "x", "", "-1", "9" * 30):
            sign_in(stranger).post(PATH, {"remove": value})
        assert PushSubscription.objects.exists()

    def test_three_cost_as_many_queries_as_one(
        self, sign_in, student, phone, django_assert_max_num_queries
    ):
        client = sign_in(student)
        client.get(PATH)
        phone(student)
        with django_assert_max_num_queries(20) as made:
            client.get(PATH)
        one = len(made)
        for _number in range(2):
            phone(student)
        with django_assert_max_num_queries(one):
            client.get(PATH)

    def test_the_download_names_them_and_no_secret_of_theirs(self, student, phone):
        browser: Browser = phone(student)
        [told] = devices_of(student)
        assert told.keys() == {"device", "push_service", "since"}
        assert told["push_service"] == "push.example"
        assert browser.auth.hex() not in str(told)
