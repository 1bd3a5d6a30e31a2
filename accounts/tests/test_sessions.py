"""Where people are signed in: noted, listed, ended, announced."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DjangosOwn
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SignIn, User
from accounts.queries.sessions import sign_ins_of
from accounts.services import sign_ins, suspensions
from accounts.sessions import SessionStore
from accounts.signals import sessions_ended
from accounts.tests.test_signing_in import NEW, PASSWORD, link_in, login, signed_in
from chat.sockets import user_of_session
from setahub.core.web.devices import browser_and_system

pytestmark = pytest.mark.django_db

PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36"
)
LAPTOP = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15"
)


@pytest.fixture
def enter(student):
    """``enter(PHONE)``: a client that the student has signed in with on such a device."""

    def make(agent: str = PHONE) -> Client:
        client = Client(headers={"user-agent": agent})
        login(client)
        return client

    return make


@pytest.fixture
def ended():
    """What the signal said: ``(user, keys, kept)`` for each time."""
    said = []

    def listen(user, keys, kept, **kwargs):
        said.append((user, keys, kept))

    sessions_ended.connect(listen)
    yield said
    sessions_ended.disconnect(listen)


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def entered(user) -> Client:
    """A client that somebody with the usual password has signed in with."""
    client = Client()
    client.post("/auth/login/", {"login": user.email, "password": PASSWORD})
    return client


def made_by_hand(user) -> Client:
    """A client whose session was made with Django's own session store."""
    session = DjangosOwn()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    client = Client(headers={"user-agent": LAPTOP})
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


class TestList:
    def test_names_the_device_and_marks_this_one(self, enter):
        enter(PHONE)
        page = enter(LAPTOP).get("/users/me/sessions/").content.decode()
        assert page.index("Safari on Mac") < page.index("this device") < page.index("Chrome on And")
        assert page.count("this device</span>") == 1

    def test_shows_nobody_elses(self, enter, sign_in, stranger):
        enter(PHONE)
        assert "Chrome" not in sign_in(stranger).get("/users/me/sessions/").content.decode()

    def test_says_when_each_was_last_seen(self, clock, enter):
        enter(PHONE)
        clock.shift(timedelta(hours=2))
        page = enter(LAPTOP).get("/users/me/sessions/").content.decode()
        assert "Last seen Mon 23 Nov, 09:00" in page
        assert "Signed in Mon 23 Nov, 11:00" in page

    def test_leaves_out_what_has_expired_or_no_longer_lets_in(self, clock, enter, student):
        enter(PHONE)
        clock.shift(timedelta(days=31))
        here = enter(LAPTOP)
        assert "Chrome" not in here.get("/users/me/sessions/").content.decode()
        student.set_password(NEW)
        student.save()
        assert sign_ins_of(student) == []

    def test_has_a_session_that_a_program_made_too(self, student):
        client = made_by_hand(student)
        assert "Safari on Mac" in client.get("/users/me/sessions/").content.decode()
        assert SignIn.objects.get().session_id == key_of(client)

    def test_costs_the_same_with_one_and_with_three(self, enter):
        here = enter()
        counts = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as captured:
                here.get("/users/me/sessions/")
            counts.append(len(captured))
            enter(LAPTOP)
        assert counts[0] == counts[1] == counts[2]


class TestEnding:
    def test_one_signs_that_device_out_and_no_other(self, enter, student):
        here, lost = enter(LAPTOP), enter(PHONE)
        sign_in = SignIn.objects.get(session=key_of(lost))
        response = here.post(f"/users/me/sessions/{sign_in.pk}/end/")
        assert (response.status_code, response.url) == (302, "/users/me/sessions/")
        assert signed_in(here)
        assert not signed_in(lost)
        assert [each.device for each in sign_ins_of(student)] == ["Safari on Mac"]

    def test_all_others_leaves_this_one(self, enter, sign_in, stranger):
        others = [enter(PHONE), enter(LAPTOP)]
        here, elsewhere = enter(LAPTOP), sign_in(stranger)
        here.post("/users/me/sessions/end-others/")
        assert signed_in(here)
        assert [signed_in(client) for client in others] == [False, False]
        assert signed_in(elsewhere)

    def test_nobody_ends_somebody_elses(self, enter, sign_in, stranger):
        victim = enter()
        sign_in_there = SignIn.objects.get(session=key_of(victim))
        path = f"/users/me/sessions/{sign_in_there.pk}/end/"
        assert sign_in(stranger).post(path).status_code == 404
        assert Client().post(path).url == f"/auth/login/?next={path}"
        assert signed_in(victim)

    def test_this_one_is_signing_out(self, enter):
        here = enter()
        sign_in = SignIn.objects.get()
        assert here.post(f"/users/me/sessions/{sign_in.pk}/end/").status_code == 302
        assert not signed_in(here)


class TestNoting:
    def test_a_session_made_with_djangos_store_is_a_login(self, student):
        client = made_by_hand(student)
        assert signed_in(client)
        assert SignIn.objects.count() == 0  # no write for the sake of the list

    def test_costs_no_query_at_an_ordinary_request(self, clock, enter):
        here = enter()
        with CaptureQueriesContext(connection) as made:
            here.get("/users/me/edit/")
        assert all(each["sql"].startswith("SELECT") for each in made)
        [once] = [each["sql"] for each in made if "accounts_signin" in each["sql"]]
        assert "django_session" in once  # loaded along with the session

    def test_happens_every_ten_minutes(self, clock, enter):
        here = enter()
        begun = timezone.now()
        clock.shift(timedelta(minutes=9))
        signed_in(here)
        assert SignIn.objects.get().last_seen_at == begun
        clock.shift(timedelta(minutes=1))
        signed_in(here)
        assert SignIn.objects.get().last_seen_at == begun + timedelta(minutes=10)

    def test_reaches_a_session_that_a_program_made(self, clock, student):
        client = made_by_hand(student)
        clock.shift(timedelta(minutes=10))
        signed_in(client)
        assert SignIn.objects.get().device == "Safari on Mac"

    def test_goes_with_its_session(self, clock, enter):
        enter().post("/auth/logout/")
        assert SignIn.objects.count() == 0
        enter()
        clock.shift(timedelta(days=31))
        call_command("clearsessions")
        assert (Session.objects.count(), SignIn.objects.count()) == (0, 0)

    def test_another_user_in_the_same_browser_gets_a_session_of_their_own(
        self, enter, student, stranger
    ):
        client = enter()
        client.force_login(stranger)
        assert signed_in(client)
        assert [each.user for each in SignIn.objects.all()] == [stranger]


class TestPasswords:
    def test_a_changed_one_ends_the_other_sessions_in_the_list_too(self, enter, student):
        enter(PHONE)
        here = enter(LAPTOP)
        form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        here.post("/auth/password/change/", form)
        student.refresh_from_db()
        assert [each.session_id for each in sign_ins_of(student)] == [key_of(here)]
        assert Session.objects.count() == 1

    def test_a_reset_one_ends_all(self, client, enter, student, post):
        enter(PHONE)
        client.post("/auth/password/reset/", {"email": student.email})
        form = client.get(link_in(post()[0]), follow=True)
        client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
        assert SignIn.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_noting_a_session_that_was_ended_meanwhile_is_no_error(student):
    sign_ins.note(student, "k" * 32, PHONE)
    assert SignIn.objects.count() == 0


@pytest.mark.django_db(transaction=True)
class TestAnnouncing:
    """What open sockets are told, once it is committed."""

    def test_one_session(self, enter, student, ended):
        here, lost = enter(LAPTOP), enter(PHONE)
        there = SignIn.objects.get(session=key_of(lost))
        here.post(f"/users/me/sessions/{there.pk}/end/")
        assert ended == [(student, {key_of(lost)}, set())]

    def test_all_others(self, enter, student, ended):
        here = enter()
        here.post("/users/me/sessions/end-others/")
        assert ended == [(student, None, {key_of(here)})]

    def test_signing_out(self, enter, student, ended):
        here = enter()
        key = key_of(here)
        here.post("/auth/logout/")
        assert ended == [(student, {key}, set())]

    def test_a_new_password_spares_the_pages_open_in_this_browser(self, enter, student, ended):
        here = enter()
        before = key_of(here)
        form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        here.post("/auth/password/change/", form)
        assert ended == [(student, None, {before, key_of(here)})]

    def test_suspension(self, enter, student, ended):
        enter()
        suspensions.suspend(student, actor=None, cancel_bookings=False)
        assert ended == [(student, None, set())]
        suspensions.restore(student)
        assert Session.objects.count() == 0


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (PHONE, ("Chrome", "Android")),
        (LAPTOP, ("Safari", "Mac")),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) … Chrome/142 Safari/537 Edg/142",
            ("Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) … CriOS/142 Safari/604",
            ("Chrome", "iPhone"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) … Safari Line/15.1.0",
            ("LINE", "iPhone"),
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("Firefox", "Linux"),
        ),
        ("curl/8.11", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_user_agent_in_words(agent, words):
    assert browser_and_system(agent) == words


def test_a_device_that_tells_nothing_has_a_name_too(student):
    assert SignIn(user=student).device == "Unknown browser"
    assert SignIn(user=student, browser="Firefox").device == "Firefox"


class TestUser:
    """Who a request is of, told by the query that loads the session."""

    def test_comes_along_with_the_session(self, enter, student, django_assert_num_queries):
        store = SessionStore(key_of(enter()))
        with django_assert_num_queries(1):
            assert store.user() == student

    def test_is_nobody_who_is_suspended(self, enter, student):
        key = key_of(enter())
        User.objects.filter(pk=student.pk).update(is_active=False)
        assert SessionStore(key).user() is None

    def test_is_nobody_after_another_password(self, enter, student):
        client = enter()
        student.set_password(NEW)
        student.save()
        assert SessionStore(key_of(client)).user() is None
        assert client.get("/bookings/").status_code == 302

    def test_is_who_the_session_names_and_not_whom_a_sign_in_does(self, enter, student, stranger):
        client = enter()
        SignIn.objects.update(user=stranger)
        assert SessionStore(key_of(client)).user() is None
        assert client.get("/users/me/").context["user"] == student

    def test_of_a_session_made_by_a_program_django_tells(self, student):
        client = made_by_hand(student)
        assert SessionStore(key_of(client)).user() is None
        assert client.get("/users/me/").context["user"] == student


class TestASessionOfStaff:
    """ends after twelve hours without a request; everybody else's goes on."""

    IDLE = timedelta(hours=12)

    @pytest.mark.parametrize("make", [made_by_hand, entered])
    def test_ends_when_nobody_used_it(self, clock, staff, make):
        client = make(staff)
        clock.shift(self.IDLE - timedelta(seconds=1))
        assert signed_in(client)
        clock.shift(self.IDLE)
        assert not signed_in(client)
        assert not signed_in(client)

    def test_lasts_while_it_is_used(self, clock, staff):
        client = entered(staff)
        for _ in range(3):
            clock.shift(timedelta(hours=11))
            assert signed_in(client)

    def test_lets_no_socket_in_either(self, clock, staff):
        client = entered(staff)
        clock.shift(self.IDLE)
        assert user_of_session(key_of(client)) is None
        assert Session.objects.count() == 0

    def test_of_others_goes_on(self, clock, student):
        client = made_by_hand(student)
        clock.shift(self.IDLE * 2)
        assert signed_in(client)
