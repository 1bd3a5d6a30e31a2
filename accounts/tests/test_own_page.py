"""A TA's own page: for everybody or nobody, what it shows, and the way from a time to its booking."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, User
from accounts.tests.test_signing_in import PASSWORD, link_in, login
from scheduling.models import Booking
from scheduling.tests.factories import book, open_time, slots_of
from topics.models import Registration, Topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def shared(ta) -> User:
    """A TA whose page is for everybody."""
    ta.public, ta.bio = True, "Only for who signs in"
    ta.save()
    return ta


def page(ta, client=None, query="") -> str:
    response = (client or Client()).get(f"/ta/{ta.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


class TestWhoSeesIt:
    def test_nobody_until_its_ta_switches_it_on(self, ta, student, sign_in):
        for client in (Client(), sign_in(student), sign_in(ta)):
            for path in (f"/ta/{ta.pk}/", f"/ta/{ta.pk}/?qr"):
                assert client.get(path).status_code == 404

    def test_everybody_then(self, shared, student, sign_in):
        for client in (Client(), sign_in(student), sign_in(shared)):
            assert shared.username in page(shared, client)

    def test_nobody_once_the_ta_is_suspended_or_teaches_nothing(self, shared, topic):
        User.objects.update(is_active=False)
        assert Client().get(f"/ta/{shared.pk}/").status_code == 404
        User.objects.update(is_active=True)
        Registration.objects.update(status="pending")
        assert Client().get(f"/ta/{shared.pk}/").status_code == 404
        Registration.objects.update(status="approved")
        Topic.objects.update(archived_at=shared.date_joined)
        assert Client().get(f"/ta/{shared.pk}/").status_code == 404

    def test_no_search_engine_lists_it(self, shared):
        assert Client().get(f"/ta/{shared.pk}/").headers["X-Robots-Tag"] == "noindex"

    def test_the_switch_is_among_what_one_says_of_oneself(self, ta, sign_in):
        client = sign_in(ta)
        fields = {"username": ta.username, "year": "4"}
        assert 'name="public"' in client.get("/users/me/edit/").content.decode()
        client.post("/users/me/edit/", {**fields, "public": "on"})
        assert f'href="/ta/{ta.pk}/?qr"' in client.get("/users/me/").content.decode()
        client.post("/users/me/edit/", fields)
        ta.refresh_from_db()
        assert ta.public is False

    def test_who_teaches_nothing_is_not_asked(self, student, sign_in):
        assert 'name="public"' not in sign_in(student).get("/users/me/edit/").content.decode()


class TestWhatItShows:
    def test_topics_and_times_and_nothing_else_of_the_person(self, shared, topic):
        slot, *_rest = slots_of(open_time(shared, topic, notes="The code is 1234"))
        html = page(shared)
        assert topic.name in html
        assert f'data-slot-id="{slot.pk}"' in html
        for private in (shared.email, shared.bio, "Year 4", "Room 504", "1234"):
            assert private not in html

    def test_a_time_that_is_taken_is_gone(self, shared, topic, student):
        slot, *_rest = slots_of(open_time(shared, topic))
        book(student, slot)
        assert f'data-slot-id="{slot.pk}"' not in page(shared)

    def test_who_is_signed_in_sees_what_stands_in_the_way(self, shared, topic, sign_in):
        open_time(shared, topic)
        assert page(shared, sign_in(shared)).count("disabled") == 4

    def test_over_a_block_there_is_no_time(self, shared, topic, student, sign_in):
        open_time(shared, topic)
        Block.objects.create(blocker=shared, blocked=student)
        assert "data-slot-id" not in page(shared, sign_in(student))

    def test_many_times_cost_no_more_queries(self, shared, topic):
        def queries() -> int:
            with CaptureQueriesContext(connection) as caught:
                page(shared)
            return len(caught)

        open_time(shared, topic, end="13:30")
        queries()
        few = queries()
        open_time(shared, topic, start="15:00", end="18:00")
        assert queries() == few <= 5


class TestPoster:
    def test_it_has_the_address_to_read_and_to_scan(self, shared, settings):
        settings.SITE_URL = "https://setahub.example"
        html = page(shared, query="?qr")
        assert f"https://setahub.example/ta/{shared.pk}/" in html
        assert re.search(r'<svg viewBox="0 0 \d+ \d+"[^>]*><path d="M', html)
        assert "style=" not in html

    @pytest.mark.parametrize(
        ("given", "https", "address"),
        [
            (True, False, "http://localhost"),
            (False, False, "http://127.0.0.1:8704"),
            (False, True, "http://localhost"),
        ],
    )
    def test_on_a_trial_its_address_and_the_calendars_keep_the_port(
        self, shared, settings, sign_in, given, https, address
    ):
        settings.SITE_URL_IS_GIVEN, settings.HTTPS = given, https
        settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
        host = {"host": "127.0.0.1:8704"}
        html = Client(headers=host).get(f"/ta/{shared.pk}/?qr").content.decode()
        assert f">{address}/ta/{shared.pk}/<" in html
        client = sign_in(shared)
        me = client.get("/users/me/", headers=host).content.decode()
        assert f'"webcal{address.removeprefix("http")}/calendar/' in me

    def test_its_buttons_wait_for_a_script(self, shared):
        html = " ".join(page(shared, query="?qr").split())
        for button in ("data-print", "data-share", "data-copy"):
            assert re.search(rf"<button [^>]*{button}[^>]* hidden>", html)


def chosen(client, ta) -> str:
    """Where the first time on the page leads: to the page where one signs in."""
    [href, *_others] = re.findall(r'data-slot-id="\d+" href="([^"]+)"', page(ta, client))
    response = client.get(href.replace("&amp;", "&"))
    assert response.url.startswith("/auth/login/?next=")
    return response.url


def next_in(html: str) -> str:
    return re.findall(r'name="next" value="([^"]+)"', html)[0].replace("&amp;", "&")


NEW = {"username": "Mali", "email": "mali@example.com", "password1": "a long password 42"}


class TestFromATimeToItsBooking:
    @pytest.fixture
    def slot(self, shared, topic):
        return slots_of(open_time(shared, topic))[0]

    def test_signing_in_ends_on_its_form(self, shared, slot, student):
        client = Client()
        form = client.get(chosen(client, shared)).content.decode()
        response = login(client, next=next_in(form))
        assert response.url == f"/bookings/new/?slot={slot.pk}"

    def sign_up(self, client, shared):
        form = client.get(chosen(client, shared)).content.decode()
        link = re.search(r'href="(/auth/signup/[^"]*)"', form)[1].replace("&amp;", "&")
        wanted = next_in(client.get(link).content.decode())
        return client.post("/auth/signup/", {**NEW, "next": wanted})

    def test_so_does_signing_up(self, shared, slot):
        client = Client()
        assert self.sign_up(client, shared).url == f"/bookings/new/?slot={slot.pk}"
        html = client.get(f"/bookings/new/?slot={slot.pk}").content.decode()
        assert 'name="question"' in html

    def test_also_where_the_email_is_confirmed_first_in_another_browser(
        self, shared, slot, settings, post
    ):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        assert self.sign_up(Client(), shared).url == "/auth/confirm-email/"
        elsewhere = Client()
        elsewhere.post(link_in(post()[0]))
        response = login(elsewhere, NEW["email"], NEW["password1"])
        assert response.url == f"/bookings/new/?slot={slot.pk}"
        topic = slot.appointment.topics.get()
        sent = {"slot": slot.pk, "topic": topic.pk, "question": "Why?"}
        assert elsewhere.post("/bookings/new/", sent).status_code == 302
        assert Booking.objects.get().student.username == "Mali"
        elsewhere.logout()
        assert login(elsewhere, NEW["email"], NEW["password1"]).url == "/"

    def test_a_page_of_another_site_is_no_wish(self, settings, post):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        client = Client()
        client.post("/auth/signup/", {**NEW, "next": "https://evil.example/"})
        client.post(link_in(post()[0]))
        assert login(client, NEW["email"], NEW["password1"]).url == "/"

    def test_a_first_sign_in_that_goes_elsewhere_ends_the_wish(self, student):
        student.wish = "/topics/"
        student.save()
        client = Client()
        assert login(client, next="/bookings/").url == "/bookings/"
        client.logout()
        assert login(client, student.email, PASSWORD).url == "/"
